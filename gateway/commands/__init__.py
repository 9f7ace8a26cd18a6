"""What can be done: one async function for each write, each one transaction."""

from gateway.commands.auditing import Trail, anchor_audit, export_audit, finish_audit, seal_audit, write_audit
from gateway.commands.delivering import Courier, deliver_due
from gateway.commands.first import ensure_first_keys
from gateway.commands.keys import Created, change_key, create_key, note_key_use, revoke_key, rotate_key
from gateway.commands.operations import forget_operations, note_operation
from gateway.commands.people import (
    add_person,
    change_own_password,
    change_person,
    delete_role,
    end_session,
    fill_directory,
    load_people,
    put_role,
    remove_person,
    sign_in,
)
from gateway.commands.planning import anybody_wants, forget_deliveries, plan_deliveries, replay_some
from gateway.commands.repeating import begin_once, end_once, forget_answers
from gateway.commands.sources import CreatedSource, add_source_key, change_source, create_source
from gateway.commands.usage import Usage, fill_usage, finish_usage, forget_usage, write_usage
from gateway.commands.webhooks import (
    CreatedWebhook,
    begin_replay,
    change_webhook,
    create_webhook,
    delete_webhook,
    resend,
    rotate_secret,
    send_test,
)

__all__ = [
    "Courier",
    "Created",
    "CreatedSource",
    "CreatedWebhook",
    "Trail",
    "Usage",
    "add_person",
    "add_source_key",
    "anchor_audit",
    "anybody_wants",
    "begin_once",
    "begin_replay",
    "change_key",
    "change_own_password",
    "change_person",
    "change_source",
    "change_webhook",
    "create_key",
    "create_source",
    "create_webhook",
    "delete_role",
    "delete_webhook",
    "deliver_due",
    "end_once",
    "end_session",
    "ensure_first_keys",
    "export_audit",
    "fill_directory",
    "fill_usage",
    "finish_audit",
    "finish_usage",
    "forget_answers",
    "forget_deliveries",
    "forget_operations",
    "forget_usage",
    "load_people",
    "note_key_use",
    "note_operation",
    "plan_deliveries",
    "put_role",
    "remove_person",
    "replay_some",
    "resend",
    "revoke_key",
    "rotate_key",
    "rotate_secret",
    "seal_audit",
    "send_test",
    "sign_in",
    "write_audit",
    "write_usage",
]
