"""Pictures to measure the checks on: licensed photographs, drawings, defects, text."""
