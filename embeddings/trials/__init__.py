"""What a relation type bought: trainings with and without it, asked the same questions."""
