"""Serves the same tools by arcade-serve, on the port that is given."""

import sys

import tools
import uvicorn
from arcade_serve.fastapi import FastAPIWorker
from fastapi import FastAPI

app = FastAPI()
worker = FastAPIWorker(app)
for name in ("list_projects", "leave_mark"):
    worker.register_tool(getattr(tools, name), "Ticktick")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]))
