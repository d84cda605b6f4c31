"""Do the embeddings help? Who watches it too (films unseen in viewings), adaptations of one book, side by side with
strong simple baselines."""
