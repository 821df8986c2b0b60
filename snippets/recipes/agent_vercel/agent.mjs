// An agent that creates tasks at TickTick for one user, with tools that Arcade runs.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { Arcade } from "@arcadeai/arcadejs";
import { executeOrAuthorizeZodTool, toZodToolSet } from "@arcadeai/arcadejs/lib/index";
import { generateText, stepCountIs, tool } from "ai";

const INSTRUCTIONS = `You look after the user's tasks at TickTick. Where a tool says that the user
has to consent first, ask them to, and call it again when they write that they have.`;

// model: any of the AI SDK; showLink: how a link to consent gets to this user. Where users are not
// members of your Arcade project, your app verifies them, too: see web_app_express.
export async function makeAgent({ model, userId, showLink }) {
  const client = new Arcade();
  const { items } = await client.tools.list({ toolkit: "Mytools" });
  if (items.length === 0) throw new Error("Arcade knows no tools of Mytools: serve them first.");
  const arcadeTools = toZodToolSet({
    tools: items,
    client,
    userId,
    executeFactory: executeOrAuthorizeZodTool,
  });

  const tools = {};
  for (const { name, description, parameters, execute } of Object.values(arcadeTools)) {
    tools[name] = tool({
      description,
      inputSchema: parameters,
      execute: async (input) => {
        const answer = await execute(input);
        if (answer.authorization_required) {
          // The model never sees the link, so it can neither garble it nor be made to swap it.
          showLink(answer.url);
          return "Not done: the user has to consent first. They have been shown the link.";
        }
        return answer.success ? answer.output.value : `Failed: ${answer.output.error.message}`;
      },
    });
  }

  // Nothing waits for the consent. The turn ends, and the user's next message begins another, in
  // which the tool is called again. Whether they consented, Arcade knows: it runs the tool then.
  const messages = [];
  return async function say(text) {
    messages.push({ role: "user", content: text });
    const stopWhen = stepCountIs(5);
    const result = await generateText({ model, system: INSTRUCTIONS, tools, messages, stopWhen });
    messages.push(...result.response.messages);
    return result.text;
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const say = await makeAgent({
    model: process.env.AGENT_MODEL, // such as openai/gpt-5, with your AI_GATEWAY_API_KEY
    userId: process.env.ARCADE_USER_ID,
    showLink: (url) => console.log(`Open this link and click Allow, then write "done":\n${url}`),
  });
  console.log("What is to be done?");
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(await say(line));
  }
}
