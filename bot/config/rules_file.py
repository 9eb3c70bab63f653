"""The door to rule files: everything else in the program comes in here. See ``bot.config.rules``."""

from bot.config.rules import ConditionSpec, RulesFile, RuleSpec, Surroundings, load_rules, misshapen, rule_files

__all__ = ["ConditionSpec", "RuleSpec", "RulesFile", "Surroundings", "load_rules", "misshapen", "rule_files"]
