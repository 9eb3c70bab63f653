"""The parts of a message, one module each: plain functions from values to blocks."""
