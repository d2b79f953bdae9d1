"""The models that are brought from a hub: pulled, checked, listed, tried and removed.

Only `hub` knows huggingface_hub; the service and the workers read folders and never reach a hub.
"""
