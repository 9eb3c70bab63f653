"""What news is read with: ``rules/topics/*.yaml`` and ``rules/companies.yaml``."""
