// A client of the matrix on the TypeScript SDK: node typescript_client.mjs sdk1|client2 PLAN
//
// PLAN is a JSON file that `matrix_cells.py` writes. Prints one JSON object: what became of each feature, as a
// text that is the same whenever the same happened. Copied next to node_modules before it runs.

import { readFileSync } from 'node:fs';

const ANSWER_MS = 20_000;
const MOST_STEPS = 4;
const [kind, file] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(file, 'utf8'));
const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
const me = { name: 'keyturn-matrix', version: '1.0.0' };
const updates = [];
let updated = () => {};

const answers = {
  'sampling/createMessage': () => ({
    model: 'none', role: 'assistant', content: { type: 'text', text: 'a model said so' },
  }),
  'elicitation/create': () => ({ action: 'accept', content: plan.form }),
  'roots/list': () => ({ roots: [{ uri: plan.root, name: 'root' }] }),
};
const noted = (notification) => {
  updates.push(notification.params.uri);
  updated();
};

async function sdk1() {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const stdio = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const http = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const types = await import('@modelcontextprotocol/sdk/types.js');
  const client = new Client(me, { capabilities });
  const { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } = types;
  client.setRequestHandler(CreateMessageRequestSchema, answers['sampling/createMessage']);
  client.setRequestHandler(ElicitRequestSchema, answers['elicitation/create']);
  client.setRequestHandler(ListRootsRequestSchema, answers['roots/list']);
  client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, noted);
  const call = (params, options) => client.callTool(params, undefined, options);
  return { client, call, ...stdio, ...http };
}

async function client2() {
  const main = await import('@modelcontextprotocol/client');
  const stdio = await import('@modelcontextprotocol/client/stdio');
  const versionNegotiation = { mode: plan.mode };
  const client = new main.Client(me, { capabilities, versionNegotiation });
  for (const [method, answer] of Object.entries(answers)) {
    client.setRequestHandler(method, answer);
  }
  client.setNotificationHandler('notifications/resources/updated', noted);
  const call = (params, options) => client.callTool(params, options);
  return { client, call, ...main, ...stdio };
}

function transport(made) {
  if (plan.url) {
    const headers = { Authorization: `Bearer ${plan.token}` };
    return new made.StreamableHTTPClientTransport(new URL(plan.url), { requestInit: { headers } });
  }
  const [command, ...args] = plan.command;
  return new made.StdioClientTransport({ command, args, env: plan.env, stderr: 'ignore' });
}

const textOf = (result) =>
  (result.isError ? 'error: ' : '') + result.content.map((part) => part.text ?? part.type).join('\n');

function features({ client, call }) {
  const asked = async ({ tool, ...params }, options = {}) =>
    textOf(await call({ name: tool, arguments: params.arguments }, { timeout: ANSWER_MS, ...options }));
  return {
    list: async () => (await client.listTools()).tools.map((tool) => tool.name).sort().join(' '),
    call: asked,
    sampling: asked,
    elicitation: asked,
    roots: asked,
    progress: async (ask) => {
      const steps = [];
      const text = await asked(ask, { onprogress: ({ progress }) => steps.push(progress) });
      // The last one may come with the answer, and some clients then leave it out.
      const rising = steps.length >= MOST_STEPS - 1 && steps.every((x, n) => !n || x > steps[n - 1]);
      return `${rising ? 'rising' : steps}; ${text}`;
    },
    cancel: async (ask) => {
      const giveUp = new AbortController();
      const options = { signal: giveUp.signal, onprogress: () => giveUp.abort('given up') };
      const ended = await asked(ask, options).then(() => 'answered', () => 'cancelled');
      return `${ended}; then ${await asked(ask.then)}`;
    },
    subscribe: async (ask) => {
      const came = new Promise((resolve) => { updated = resolve; });
      await client.subscribeResource({ uri: ask.uri });
      await asked(ask);
      await came;
      return `updated ${updates[0]}`;
    },
  };
}

const made = await { sdk1, client2 }[kind]();
const outcomes = {};
try {
  await made.client.connect(transport(made), { timeout: ANSWER_MS });
  outcomes.version = made.client.getNegotiatedProtocolVersion?.() ?? '';
  const known = features(made);
  for (const [feature, ask] of Object.entries(plan.asks)) {
    const late = new Promise((_, fail) => {
      setTimeout(() => fail(new Error('no answer in time')), ANSWER_MS).unref();
    });
    try {
      outcomes[feature] = await Promise.race([known[feature](ask), late]);
    } catch (error) {
      outcomes[feature] = `error: ${error.message}`;
    }
  }
} catch (error) {
  outcomes.version = `error: ${error.message}`;
}
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await made.client.close().catch(() => {});
process.exit(0);
