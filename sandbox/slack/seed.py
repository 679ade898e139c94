"""Who and what is in the sandbox's one Slack workspace. Ids have Slack's own shape: nothing can tell by looking."""

from typing import Final

TEAM: Final = "T0HPCSITE1"
TEAM_NAME: Final = "hpc-site"
APP: Final = "A0LENDBOT1"
BOT: Final = "B0LENDBOT1"
BOT_USER: Final = "U0LENDBOT1"
BOT_NAME: Final = "lendbot"
SLACKBOT: Final = "USLACKBOT"

U_REQUESTER: Final = "U0REQUEST1"
U_APPROVER: Final = "U0APPROVE1"
U_APPROVER2: Final = "U0APPROVE2"
U_ONCALL: Final = "U0ONCALL01"

C_OPS: Final = "C0HPCOPS01"
C_APPROVALS: Final = "C0LENDAPP1"
C_ONCALL: Final = "C0HPCONCL1"
C_RANDOM: Final = "C0RANDOM01"
C_LEADS: Final = "C0HPCLEAD1"

S_APPROVERS: Final = "S0GPUAPPR1"
S_ONCALL: Final = "S0HPCONCL1"

BOT_TOKEN: Final = "xoxb-sandbox-bot"
APP_TOKEN: Final = "xapp-sandbox-app"
SIGNING_SECRET: Final = "5a4db0c5516e5c0ffee1ca11ab1edead"
VERIFICATION_TOKEN: Final = "sandboxVerification0001"

SCOPES: Final = frozenset({
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "usergroups:read",
    "users:read",
})  # fmt: skip
"""What the manifest asks for, and so what the app was granted; `x-oauth-scopes` says so on every answer."""

SHORTCUTS: Final = {"lend_nodes": "Lend nodes"}
"""Global shortcuts of the manifest: callback id to the name in Slack's menu."""

SUBSCRIPTIONS: Final = frozenset({"app_mention", "message.im", "app_home_opened"})
"""The events that the manifest asks for."""
