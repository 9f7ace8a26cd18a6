"""The client that is made of /openapi.json, used as a partner would: api_client.py FOLDER URL KEY EMAIL"""

from __future__ import annotations

import sys
from uuid import uuid4

folder, url, key, email = sys.argv[1:]
sys.path.insert(0, folder)

from peyvand_client import AuthenticatedClient  # noqa: E402 - it is generated into the folder
from peyvand_client.api.customers import customer_get_customer, customer_register_customer  # noqa: E402
from peyvand_client.api.people import gateway_get_myself  # noqa: E402
from peyvand_client.api.webhooks import gateway_list_event_types  # noqa: E402
from peyvand_client.models import CustomerRegisterCustomer, CustomerRegisterCustomerTraits  # noqa: E402

client = AuthenticatedClient(base_url=url, token=key)
me = gateway_get_myself.sync(client=client)
assert "admin" in me.scopes, me
made = customer_register_customer.sync_detailed(
    client=client, body=CustomerRegisterCustomer(traits=CustomerRegisterCustomerTraits.from_dict({"email": email}))
)
assert made.status_code == 201, made.content
found = customer_get_customer.sync(made.parsed.id, client=client)
assert email in str(found.to_dict()), found
unknown = customer_get_customer.sync_detailed(uuid4(), client=client)
assert unknown.status_code == 404, unknown.content
types = gateway_list_event_types.sync(client=client)
assert len(types.data) > 20
sys.stdout.write(f"{made.parsed.id}\n")
