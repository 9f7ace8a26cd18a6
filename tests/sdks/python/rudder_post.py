"""Posts with rudder-sdk-python, unmodified. Arguments: url, write key, user."""

import sys

import rudderstack.analytics as rudder

url, key, user = sys.argv[1:4]
errors = []
rudder.write_key = key
rudder.dataPlaneUrl = url
rudder.on_error = lambda error, items: errors.append(str(error))
rudder.identify(user, {"email": f"{user}@sdk.example"}, anonymous_id=f"anon-{user}")
rudder.track(user, "Product Viewed", {"product_id": "p1"})
rudder.page(user, "Docs", "Start", {"path": "/start"})
rudder.screen(user, "Main", "Home", {})
rudder.group(user, "team-1", {"plan": "gold"})
rudder.alias(f"anon-{user}", user)
rudder.flush()
rudder.shutdown()
sys.exit(f"errors: {errors}" if errors else 0)
