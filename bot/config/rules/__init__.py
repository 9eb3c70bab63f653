"""Rule files: YAML that people edit, into rules the engine evaluates.

``specs`` is what may be written (and what editors know), ``compiling`` what it means, ``checks`` what makes no sense,
``salvage`` how a file with mistakes is read as far as it goes. What is written stays close to what is meant.
"""

from bot.config.rules.loading import load_rules, misshapen, rule_files
from bot.config.rules.specs import ConditionSpec, RulesFile, RuleSpec
from bot.config.rules.surroundings import Surroundings

__all__ = ["ConditionSpec", "RuleSpec", "RulesFile", "Surroundings", "load_rules", "misshapen", "rule_files"]
