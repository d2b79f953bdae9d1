"""What `likeness doctor` looks at: the machine, the programs, the models, and which engines will run."""
