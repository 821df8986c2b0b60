import { Arcade } from "@arcadeai/arcadejs";

const client = new Arcade();
const user_id = process.env.ARCADE_USER_ID;
const tool_name = "Ticktick.ListProjects";

const auth = await client.tools.authorize({ tool_name, user_id });
if (auth.status !== "completed") {
  console.log("Open this link and click Allow:");
  console.log(auth.url);
  await client.auth.waitForCompletion(auth);
}

const result = await client.tools.execute({ tool_name, user_id });
if (result.success) {
  for (const project of result.output.value.projects) {
    console.log(project.name);
  }
} else {
  console.log("Failed:", result.output.error.message);
  console.log(result.output.error.developer_message);
}
