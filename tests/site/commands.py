"""The commands that stand on pages. Those of ``snippets/commands.yaml`` come on top.

Each is run by ``test_commands.py``, or by the test that is named.
"""

from __future__ import annotations

from tests.processes import LAB_OPTIONS

LAB = f"jupyter lab {LAB_OPTIONS} notebooks/00_start_here.ipynb"
UV = "uv run --no-project --python 3.13 --with-requirements requirements.txt"

COMMANDS = (
    "python3 -m venv .venv",
    "source .venv/bin/activate",
    "pip install -r requirements.txt",
    LAB,
    f"{UV} {LAB}",
    f"{UV} pytest",  # .ci/run
    "export TICKTICK_SANDBOX_ARCADE_PORT=9200",  # test_main.py
    "ticktick-sandbox",
    "ticktick-sandbox --empty",
    "ticktick-sandbox --config engine.yaml",
    "ticktick-sandbox --config engine.yaml --strict",
    "ticktick-sandbox check engine.yaml",
    "ticktick-sandbox preflight",  # test_live_setup.py
    "ticktick-sandbox check .",  # test_code_rules.py
    "ticktick-sandbox wire",  # this and the next three: test_main.py
    "ticktick-sandbox wire --follow",
    "ticktick-sandbox wire --mermaid",
    "ticktick-sandbox wire --har flow.har",
    "ticktick-sandbox exec -- python auth_flow.py",
    "ticktick-sandbox exec -- python agent_tool_call.py",
    "ticktick-sandbox exec -- python -m uvicorn verifier:app",
    "ticktick-sandbox exec -- python mcp_client.py",
    "ticktick-sandbox exec -- node auth_flow.mjs",
    "ticktick-sandbox exec -- env ARCADE_USER_ID=alice python auth_flow.py",
    "set -a; . ./.env; set +a",
    'pip install "python-dotenv[cli]==1.2.4"',
    "dotenv run -- ticktick-sandbox exec -- python create_provider.py",
    "ticktick-sandbox exec -- python create_provider.py",
    "ticktick-sandbox exec -- node --env-file=.env auth_flow.mjs",
    "uv venv --seed --python 3.13 .venv",
    "PROVIDER_ID=ticktick-work python create_provider.py",
    "ticktick-sandbox exec --autopilot -- npm test",  # test_recipes.py
    'ticktick-sandbox fault TickTick "POST /oauth/token" --status 500 --times 2',  # test_main.py
    "ticktick-sandbox new mytool",
    "ticktick-sandbox check-capstone",  # test_capstone.py
    "cd mytool",
    "uv venv --python 3.13 .venv",
    "uv pip install -r requirements.txt",
    "pytest",
    "ticktick-sandbox exec --worker mytool -- python call_tool.py",
    "ticktick-sandbox exec --autopilot --worker mytool -- python call_tool.py",
    "PROVIDER_ID=ticktick-home python create_provider.py",
)
