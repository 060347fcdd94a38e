"""Questions: every look, limited to what the one who asks may see."""
