# Serves the tools of all installed packages. Arcade signs its calls with the secret.
: "${ARCADE_WORKER_SECRET:?set it to a secret of 32 or more characters}"
exec python -m arcade_mcp_server http --host 127.0.0.1 --port "${WORKER_PORT:-8002}" --discover-installed
