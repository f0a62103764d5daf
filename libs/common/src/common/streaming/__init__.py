"""What the runtime is made of: its ports, the signals that folds meet, sequences, and what operators see."""
