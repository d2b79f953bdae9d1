"""The agreement between service and worker: plain data, importing nothing else of ours."""
