import os

from arcadepy import Arcade

client = Arcade()

http = {
    "uri": os.environ.get("WORKER_URI", "http://127.0.0.1:8002"),
    "secret": os.environ["ARCADE_WORKER_SECRET"],
    "timeout": 30,
    "retry": 3,
}
if "ticktick" in [worker.id for worker in client.workers.list()]:
    worker = client.workers.update("ticktick", http=http)
else:
    worker = client.workers.create(id="ticktick", http=http)
print("Registered:", worker.id)
for tool in client.workers.tools(worker.id):
    print(tool.qualified_name)
