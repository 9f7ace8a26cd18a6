"""What happened between a customer and the company: collection, touch points, orders, timeline."""
