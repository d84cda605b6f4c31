"""What titles say of themselves: summaries, tags and metadata as vectors."""
