# syntax=docker/dockerfile:1

FROM python:3.13-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.lock

COPY . /app
WORKDIR /app
# Outside of the volume, so that a new image brings its own static files.
RUN VAR_DIR=/tmp/build STATIC_ROOT=/app/static-root \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q /app/chatsite /app/conversations


FROM python:3.13-slim-bookworm

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin roundtable \
    && install -d -o roundtable -g roundtable -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/data \
    STATIC_ROOT=/app/static-root \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
USER roundtable
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

# Asked by the name people use: other hosts are refused.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os; from urllib.parse import urlsplit; from urllib.request import Request, urlopen; urlopen(Request('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', headers={'Host': urlsplit(os.environ['SITE_URL']).netloc}), timeout=4)"]

CMD ["python", "manage.py", "serve", "--migrate"]
