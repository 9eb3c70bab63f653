"""Tests of the limits that several parts of the program share."""
