# Two stages: what builds the wheel stays behind, what runs is Python, the wheel and nothing else.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY . .
RUN pip install --no-cache-dir --no-compile ".[postgres]" \
    && pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /venv /venv
# Without a name in /etc/passwd nobody can log in as it; the number is what Kubernetes checks.
USER 10001:10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /data
EXPOSE 4010
# Bound beyond loopback, so `/_mock` asks for a token: give one as GREENROOM_CONTROL_TOKEN, or find in
# what the container prints the one it made up. The health check needs none.
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4010/_mock/health', timeout=1)"]
# As the first process of a container it gets SIGTERM itself, and stops cleanly on it.
ENTRYPOINT ["greenroom"]
CMD ["serve", "--host", "0.0.0.0"]
