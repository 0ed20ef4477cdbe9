"""What is known of the operations of many APIs. Next: `operation`."""
