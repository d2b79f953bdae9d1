# The service and the CPU worker. By hand, the same steps: make a virtual environment, run the `pip install` of the stage,
# set the variables of ENV, run the command of CMD.
#   docker build --target service -t likeness-service .
#   docker build --target worker --build-arg TORCH_INDEX=<PyTorch's own CPU index> -t likeness-worker-cpu .

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PATH=/opt/likeness/bin:$PATH
RUN groupadd --system --gid 10001 likeness \
    && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin likeness \
    && install -d -o likeness -g likeness -m 700 /var/lib/likeness /var/lib/likeness-models /etc/likeness

# What the code needs, as lists: only a change of a list installs its packages again, a change of the code builds in seconds.
FROM base AS needs
WORKDIR /src
COPY pyproject.toml ./
COPY deploy/image deploy/image
RUN python deploy/image/requirements.py service telemetry > service.txt \
    && python deploy/image/requirements.py worker provenance telemetry > worker.txt

# The constraints pin every version. Installers, tests and headers are left out, and a bill of materials is made of the rest.
FROM base AS build
RUN python -m venv /opt/likeness
WORKDIR /src
COPY requirements.lock ./

FROM build AS build-service
COPY --from=needs /src/service.txt ./
RUN pip install --no-cache-dir --constraint requirements.lock --requirement service.txt
COPY pyproject.toml ./
COPY deploy/image deploy/image
COPY likeness likeness
COPY service service
RUN pip install --no-cache-dir --no-deps . \
    && python deploy/image/trim.py --headers \
    && python deploy/image/bill.py likeness-service > /opt/likeness/bill-of-materials.json

FROM build AS build-worker
ARG TORCH_INDEX
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Without an index of CPU builds pip takes the CUDA build, several GB for nothing: refuse instead.
# hadolint ignore=DL3013
RUN if pip install --quiet --no-cache-dir --dry-run --report - ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.lock)" \
        | grep -qE '"name": "(nvidia|cuda)-'; then \
        echo "name an index of CPU builds: --build-arg TORCH_INDEX=..." >&2; exit 1; fi
# hadolint ignore=DL3013
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.lock)"
COPY --from=needs /src/worker.txt ./
RUN pip install --no-cache-dir --constraint requirements.lock --requirement worker.txt
COPY pyproject.toml ./
COPY deploy/image deploy/image
COPY likeness likeness
COPY worker worker
RUN pip install --no-cache-dir --no-deps . \
    && python deploy/image/trim.py --headers \
    && python deploy/image/bill.py likeness-worker-cpu > /opt/likeness/bill-of-materials.json

FROM base AS worker
COPY --from=build-worker /opt/likeness /opt/likeness
COPY weights /opt/likeness/weights
ENV LIKENESS_WEIGHTS=/opt/likeness/weights LIKENESS_MODELS=/var/lib/likeness-models \
    LIKENESS_STORE_URL=file:///var/lib/likeness/store
USER 10001:10001
CMD ["likeness", "worker"]

FROM base AS service
COPY --from=build-service /opt/likeness /opt/likeness
ENV LIKENESS_HOST=0.0.0.0 LIKENESS_PORT=8000 MALLOC_MMAP_THRESHOLD_=1048576 \
    LIKENESS_STORE_URL=file:///var/lib/likeness/store LIKENESS_KEYS_FILE=/etc/likeness/keys.json
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["likeness", "service"]
