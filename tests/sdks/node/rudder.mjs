// Posts with @rudderstack/rudder-sdk-node, unmodified. Arguments: url, write key, user.
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [url, writeKey, userId] = process.argv.slice(2);
const client = new RudderAnalytics(writeKey, { dataPlaneUrl: url, flushAt: 3, flushInterval: 200 });
client.identify({ userId, anonymousId: `anon-${userId}`, traits: { email: `${userId}@sdk.example` } });
client.track({ userId, event: "Product Viewed", properties: { product_id: "p1" } });
client.page({ userId, name: "Start", properties: { path: "/start" } });
client.screen({ userId, name: "Home" });
client.group({ userId, groupId: "team-1", traits: { plan: "gold" } });
client.alias({ userId, previousId: `anon-${userId}` });
await client.flush();
