// The client that is made of /openapi.json, used as a partner would: node journey.js URL KEY EMAIL
declare const process: { argv: string[]; exitCode: number };

import { client } from './client/client.gen';
import { customerGetCustomer, customerRegisterCustomer, gatewayGetMyself, gatewayListEventTypes } from './client';

const [url, key, email] = process.argv.slice(2) as [string, string, string];
client.setConfig({ baseUrl: url, auth: () => key, throwOnError: true });

function expect(what: boolean, message: string): void {
  if (!what) throw new Error(message);
}

async function journey(): Promise<void> {
  const me = await gatewayGetMyself();
  expect(me.data!.scopes.includes('admin'), 'an administrator');
  const made = await customerRegisterCustomer({ body: { traits: { email } } });
  expect(made.response.status === 201, `made: ${made.response.status}`);
  const found = await customerGetCustomer({ path: { customer_id: made.data!.id } });
  expect(JSON.stringify(found.data).includes(email), 'found again');
  const refused = await customerGetCustomer({ path: { customer_id: 'none' }, throwOnError: false });
  expect(refused.response?.status === 422, `refused: ${refused.response?.status}`);
  const types = await gatewayListEventTypes();
  expect(types.data!.data.length > 20, 'kinds of events');
  console.log(made.data!.id);
}

journey().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
