"""The APIs of others, so that their clients work unchanged: what each says, told as a job of ours, and back."""
