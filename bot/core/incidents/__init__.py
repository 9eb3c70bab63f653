"""Alerts, the incidents they join, and what is announced of them and when."""
