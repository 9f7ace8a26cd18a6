"""Posts with segment-analytics-python, unmodified. Arguments: url, write key, user, gzip (0 or 1)."""

import sys

from segment.analytics.client import Client

url, key, user, gzip = sys.argv[1:5]
errors = []
client = Client(key, host=url, gzip=gzip == "1", on_error=lambda error, items: errors.append(str(error)), max_retries=10)
client.identify(user, {"email": f"{user}@sdk.example", "name": "Sara Jones"}, anonymous_id=f"anon-{user}")
client.track(user, "Product Viewed", {"product_id": "p1", "price": 9.5})
client.page(user, "Docs", "Start", {"path": "/start"})
client.screen(user, "Main", "Home", {"dark": True})
client.group(user, "team-1", {"plan": "gold"})
client.alias(f"anon-{user}", user)
client.track(anonymous_id=f"anon-{user}", event="Anonymous Event")
client.flush()
client.join()
sys.exit(f"errors: {errors}" if errors else 0)
