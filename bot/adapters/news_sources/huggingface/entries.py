"""One entry of the hub's list of models, read tolerantly: a missing or strange field is a field that says nothing.

The shape is that of ``GET /api/models`` with ``expand[]`` as ``ModelInfo`` of the library ``huggingface_hub`` reads it
and public answers show it: ``id`` (``author/name``), ``_id``, ``createdAt`` (ISO 8601), ``private``, ``gated`` (false,
``auto`` or ``manual``), ``tags`` (``license:mit``, ``base_model:quantized:author/name``), ``pipeline_tag``, ``likes``,
``downloads`` and ``safetensors`` with ``parameters`` by type and ``total``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.news.source_answers import iso_moment

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}", re.ASCII)
_WEIGHTS = frozenset({"safetensors", "gguf", "pytorch", "diffusers", "jax"})
_GENERATES = frozenset(
    [
        *("text-generation", "text2text-generation", "image-text-to-text", "audio-text-to-text", "video-text-to-text"),
        *("any-to-any", "text-to-image", "image-to-image", "text-to-video", "image-to-video", "image-text-to-video"),
        *("image-text-to-image", "text-to-audio", "text-to-speech", "visual-question-answering", "conversational"),
    ]
)
"""What models that move markets do; embeddings, classifiers and detectors come every day."""
_REPACKED = re.compile(
    r"(?:^|[-_.])(?:gguf|awq|gptq|fp8|fp4|nvfp4|mxfp4|int4|int8|[48]bit|bnb|mlx|onnx|exl[23]|w4a16|w8a8)", re.I
)
"""Names of the same model in another format."""
_DERIVED = ("adapter", "merge", "quantized")
LEAST_PARAMETERS = 1e9
"""Smaller ones are studies, parts of others, or for telephones."""
_MOST_TAGS = 500


@dataclass(frozen=True, slots=True)
class Model:
    """What the hub says of a model."""

    id: str
    created_at: datetime | None
    licence: str = ""
    parameters: float = 0.0
    """0 where it is unknown."""
    likes: int = 0
    downloads: int = 0
    """Of the last month; the hub counts them about a day late."""
    gated: bool = False
    generates: bool = True
    has_weights: bool = False
    repacked: bool = False
    """The same model in another format, an adapter, or several models merged."""
    bases: frozenset[str] = frozenset()
    """Authors of the models it was made from."""

    @property
    def author(self) -> str:
        """The organisation or person."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """Without its author."""
        return self.id.partition("/")[2]

    @property
    def counts(self) -> bool:
        """Whether it is of the kind and the size that is told."""
        large = self.parameters == 0 or self.parameters >= LEAST_PARAMETERS
        return self.generates and large and not self.repacked


def read_model(entry: Any) -> Model | None:
    """A model; ``None`` for what is none that can be told."""
    if not isinstance(entry, Mapping):
        return None
    name = entry.get("id") or entry.get("modelId")
    if not isinstance(name, str) or not _ID.fullmatch(name) or entry.get("private") is True:
        return None
    tags = _tags(entry.get("tags"))
    made_from = [tag.split(":")[1:] for tag in tags if tag.startswith("base_model:")]
    pipeline = entry.get("pipeline_tag")
    parameters = _parameters(entry.get("safetensors"))
    return Model(
        id=name,
        created_at=iso_moment(entry.get("createdAt")),
        licence=next((tag.removeprefix("license:").lower() for tag in tags if tag.startswith("license:")), ""),
        parameters=parameters,
        likes=_count(entry.get("likes")),
        downloads=_count(entry.get("downloads")),
        gated=bool(entry.get("gated")),
        generates=not isinstance(pipeline, str) or pipeline in _GENERATES,
        has_weights=parameters > 0 or not _WEIGHTS.isdisjoint(tags),
        repacked=bool(_REPACKED.search(name.partition("/")[2])) or any(how[0] in _DERIVED for how in made_from if how),
        bases=frozenset(how[-1].partition("/")[0] for how in made_from if how and "/" in how[-1]),
    )


def _tags(tags: Any) -> list[str]:
    return [tag for tag in tags[:_MOST_TAGS] if isinstance(tag, str)] if isinstance(tags, list) else []


def _parameters(counted: Any) -> float:
    """The hub's own total, or the sum by type where that is larger or the only one."""
    if not isinstance(counted, Mapping):
        return 0.0
    by_type = counted.get("parameters")
    values = list(by_type.values()) if isinstance(by_type, Mapping) else []
    return max(_number(counted.get("total")), sum(_number(value) for value in values))


def _number(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e15
    return float(value) if good else 0.0


def _count(value: Any) -> int:
    return int(_number(value))
