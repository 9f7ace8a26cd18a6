// Posts with @segment/analytics-node, unmodified. Arguments: url, write key, user.
import { Analytics } from "@segment/analytics-node";

const [url, writeKey, userId] = process.argv.slice(2);
const client = new Analytics({ writeKey, host: url, path: "/v1/batch", maxRetries: 10 });
const errors = [];
client.on("error", (error) => errors.push(error));
client.identify({ userId, anonymousId: `anon-${userId}`, traits: { email: `${userId}@sdk.example` } });
client.track({ userId, event: "Product Viewed", properties: { product_id: "p1" } });
client.page({ userId, name: "Start", properties: { path: "/start" } });
client.screen({ userId, name: "Home" });
client.group({ userId, groupId: "team-1", traits: { plan: "gold" } });
client.alias({ userId, previousId: `anon-${userId}` });
await client.closeAndFlush({ timeout: 30000 });
if (errors.length) {
  console.error(errors);
  process.exit(1);
}
