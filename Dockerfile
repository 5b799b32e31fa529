# The service in a small image: built in one stage, run in another, as a user without rights.
# It asks for a log-in, so make a key first:
#   docker run --rm -v flerkjerne:/data flerkjerne flerkjerne keys create NAME
# Read-only root: docker run --read-only --tmpfs /tmp -v flerkjerne:/data -p 8000:8000 flerkjerne
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/flerkjerne
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY alembic ./alembic
COPY app ./app
COPY geodata ./geodata
COPY models ./models
COPY solver ./solver
RUN /opt/flerkjerne/bin/pip install --constraint constraints.txt '.[referee]'

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home flerkjerne \
    && install -d -o flerkjerne -g flerkjerne /data
COPY --from=build /opt/flerkjerne /opt/flerkjerne
ENV PATH=/opt/flerkjerne/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLERKJERNE_DATABASE_URL=sqlite:////data/flerkjerne.db \
    FLERKJERNE_HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["flerkjerne", "serve"]
