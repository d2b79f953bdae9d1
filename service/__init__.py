"""The FastAPI front end: it accepts jobs, answers for them, and never loads a model."""
