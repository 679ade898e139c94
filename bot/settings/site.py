"""Everything that a site decides: one TOML file, and the environment for secrets. Read once, checked at start, frozen.

Every field's description is printed in docs/settings.md. A wrong value is refused with its key, what is wrong with it
and an example (bot/settings/file.py).
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from bot.settings.spans import Span, SpanOrNone
from loans.quantity import quantity
from loans.runbook import StepName
from store.connect import read_url

SLACK_ID = r"^[CDGUWS][A-Z0-9]{2,}$"
_SLURMS_OWN: Final = ("SLURM", "SQUEUE_", "SCONTROL_", "SINFO_", "SACCT", "SCANCEL_", "SBATCH_", "SALLOC_", "SPRIO_")
PROGRAM = r"^[\w./+-]+$"
PERSON = r"^(\*|[UWS][A-Z0-9]{2,})$"
"""A user, a user group, or everybody."""
Channel = Annotated[str, Field(pattern=SLACK_ID, examples=["C0123456789"])]
People = frozenset[Annotated[str, Field(pattern=PERSON, examples=["S0123456789"])]]
Called = frozenset[Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]{2,}$", examples=["S0123456789"])]]
"""People who are mentioned: everybody is nobody."""
Port = Annotated[int, Field(ge=1, le=65535, examples=[22])]
Argv = Annotated[tuple[str, ...], Field(min_length=1, examples=[["nvidia-smi", "-pm", "1"]])]


def _template(text: str) -> str:
    """Refuse any word in braces but {node}: it would come up at the first node, in the middle of a loan."""
    try:
        text.format(node="gpu001")
    except (LookupError, ValueError, AttributeError) as e:
        raise ValueError("only {node} may stand in braces") from e
    return text


def _address_of_store(url: SecretStr) -> SecretStr:
    read_url(url.get_secret_value())
    return url


def _quantity(written: object) -> str:
    """Take a number, or what Kubernetes writes for one."""
    text = str(written)
    quantity(text)
    return text


def _variable(name: str) -> str:
    """Refuse what would change what Slurm answers, or how: its own programs' variables, and those that lendbot sets."""
    if name in {"TZ", "LC_ALL"} or name.startswith(_SLURMS_OWN):
        raise ValueError(f"{name} would change what Slurm answers, so it never reaches it; `conf` is its SLURM_CONF")
    return name


Variable = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", examples=["LD_LIBRARY_PATH"]), AfterValidator(_variable)
]
Quantity = Annotated[str, BeforeValidator(_quantity, json_schema_input_type=str | int), Field(examples=["480Gi"])]
BmcPassword = Annotated[SecretStr, Field(SecretStr(""), description="from LENDBOT_POWER__<NAME>__PASSWORD only")]
PowerTimeout = Annotated[Span, Field(timedelta(seconds=20), description="for one question")]
Template = Annotated[str, AfterValidator(_template)]
"""Text with the node's name in place of {node}."""


class Section(BaseModel):
    """A table of the file: no key that we do not know, no change after start."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SlackSettings(Section):
    """How lendbot talks to Slack."""

    mode: Literal["socket", "http"] = Field("socket", description="Socket Mode, or an HTTP address of ours")
    command: str = Field("/nodes", pattern=r"^/[a-z0-9_-]{1,31}$", description="the slash command of the manifest")
    oncall_channel: Channel = Field(
        description="where stuck nodes, sides that are away and classes that fail are told of"
    )
    base_url: str = Field("https://slack.com/api/", description="Slack's API; a proxy may stand in between")
    listen: str = Field("127.0.0.1:3000", pattern=r"^[^:]+:\d+$", description="host:port in HTTP mode")
    silent_after: Span = Field(timedelta(seconds=90), description="no ping for so long: reconnect, and say unhealthy")
    allow_guests: bool = Field(default=False, description="guests of the workspace may speak to lendbot")
    allow_bots: bool = Field(default=False, description="so may other apps' bots")
    allow_teams: frozenset[Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,}$", examples=["T0123456789"])]] = Field(
        frozenset(), description="other teams whose people may, in shared channels; they are in no group of ours"
    )
    bot_token: SecretStr = Field(description="xoxb-...; from LENDBOT_SLACK__BOT_TOKEN only")
    app_token: SecretStr | None = Field(None, description="xapp-..., Socket Mode; LENDBOT_SLACK__APP_TOKEN only")
    signing_secret: SecretStr | None = Field(None, description="HTTP mode; LENDBOT_SLACK__SIGNING_SECRET only")

    @model_validator(mode="after")
    def _has_its_secret(self) -> "SlackSettings":
        if self.mode == "socket" and self.app_token is None:
            raise ValueError("Socket Mode needs LENDBOT_SLACK__APP_TOKEN (xapp-...) in the environment")
        if self.mode == "http" and self.signing_secret is None:
            raise ValueError("HTTP mode needs LENDBOT_SLACK__SIGNING_SECRET in the environment")
        return self


class StoreSettings(Section):
    """Where loans are remembered."""

    url: Annotated[SecretStr, AfterValidator(_address_of_store)] = Field(
        SecretStr("sqlite:///lendbot.db"),
        description="sqlite:///FILE, or postgresql://...; with a password from LENDBOT_STORE__URL",
    )


class ManagementHost(Section):
    """The host on which Slurm's commands (and xCAT's) run; leave the table out when it is this one."""

    host: str = Field(examples=["mgmt.cluster.example"], description="its name or address")
    port: Port = Field(22, description="its sshd")
    user: str = Field("root", description="the account there")


class SlurmSettings(Section):
    """How Slurm's command line is reached."""

    management: ManagementHost | None = Field(None, description="absent: the commands run on lendbot's own host")
    conf: Path | None = Field(None, description="SLURM_CONF, when it is not the default; a profile's is not read")
    keep_env: frozenset[Variable] = Field(
        frozenset(),
        description="variables of the account that Slurm's commands need beside PATH, HOME, USER and LOGNAME; "
        "no others reach them, and none of Slurm's own may stand here",
    )
    timeout: Span = Field(
        timedelta(seconds=20),
        description="for one command; longer than slurm.conf's MessageTimeout, which ends it",
    )
    max_age: SpanOrNone = Field(timedelta(seconds=1), description="how old a shared read may be")


class SshSettings(Section):
    """The root shell on nodes, and on the management host."""

    user: str = Field("root", description="the account on the nodes")
    key_file: Path = Field(examples=["/etc/lendbot/id_ed25519"], description="the private key")
    known_hosts: Path = Field(examples=["/etc/lendbot/known_hosts"], description="host keys; others are refused")
    port: Port = Field(22, description="sshd's port on the nodes")
    address: Template = Field("{node}", description="a node's address, from its name")
    addresses: Mapping[str, str] = Field(default_factory=dict, description="addresses that follow no template")
    jump: str | None = Field(None, pattern=r"^[^:]+(:\d+)?$", description="a jump host, host or host:port")
    connect_timeout: Span = Field(timedelta(seconds=10), description="for TCP, banner and log-in each")
    idle: Span = Field(timedelta(minutes=5), description="an unused connection is closed after this")


class KubernetesSettings(Section):
    """How the cluster is reached."""

    kubeconfig: Path | None = Field(None, description="absent: the service account of the pod that lendbot runs in")
    context: str | None = Field(None, description="of the kubeconfig; absent: its current one")
    timeout: Span = Field(timedelta(seconds=15), description="for one request, and one run of a credential plugin")
    silent_after: Span = Field(timedelta(seconds=10), description="a watch silent for so long is not believed any more")
    delete_emptydir: bool = Field(default=False, description="evict pods with emptyDir data; else they block")
    evict_unmanaged: bool = Field(default=False, description="evict pods without a controller; else they block")


class RedfishSettings(Section):
    """BMCs that speak Redfish. The table's name is what a class names as its `power`."""

    driver: Literal["redfish"] = Field(description="the BMC, or a service for many, over HTTPS")
    url: Template = Field("https://{node}-bmc", description="the service's address, from the node's name")
    system: Template = Field(
        "", pattern="^(/.*)?$", description="the system's path there; {node} allowed; empty: the one of that name"
    )
    verify: Path | bool = Field(default=True, description="a CA file, or false for self-signed certificates")
    user: str = Field("", description="the BMC's account")
    password: BmcPassword
    timeout: PowerTimeout


class IpmiSettings(Section):
    """BMCs that speak IPMI, asked with ipmitool."""

    driver: Literal["ipmi"] = Field(description="ipmitool's lanplus, on lendbot's own host")
    program: str = Field("ipmitool", pattern=PROGRAM, description="its name, or its path where it is not in PATH")
    address: Template = Field("{node}-bmc", description="a BMC's address, from the node's name")
    addresses: Mapping[str, str] = Field(default_factory=dict, description="host:port that follow no template")
    port: Port = Field(623, description="UDP, on the BMC")
    cipher_suite: int = Field(3, ge=0, le=255, description="what the BMC takes: 3, or 17 (OpenBMC takes no other)")
    user: str = Field("", description="the BMC's account")
    password: BmcPassword
    timeout: PowerTimeout


class XcatSettings(Section):
    """BMCs that xCAT switches; their accounts are its affair."""

    driver: Literal["xcat"] = Field(description="rpower on the management host")
    program: str = Field(
        "rpower", pattern=PROGRAM, description="its path where a plain ssh does not find it: /opt/xcat/bin/rpower"
    )
    timeout: PowerTimeout


PowerSettings = Annotated[RedfishSettings | IpmiSettings | XcatSettings, Field(discriminator="driver")]
"""One kind of BMC: each driver has its own keys, and refuses the others'."""
POWER_DRIVERS: Final[Mapping[str, type[Section]]] = {
    "redfish": RedfishSettings,
    "ipmi": IpmiSettings,
    "xcat": XcatSettings,
}


class TaintSettings(Section):
    """A taint of a class."""

    key: str = Field(examples=["lendbot/loan"])
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class CheckSettings(Section):
    """A command that a node has to pass on its way home, before jobs start on it again."""

    run: Argv = Field(examples=[["nhc"]], description="run on the node; it passes when it ends with 0")
    says: str = Field(min_length=1, examples=["MIG is still on"], description="what people read when it fails")
    expect: tuple[str, ...] = Field((), description="when not empty: the only lines that it may print")


class ClassSettings(Section):
    """A kind of node that is lent."""

    aliases: tuple[str, ...] = Field((), description="other names that people use")
    partition: str = Field(examples=["gpu"], description="the Slurm partition")
    nodes: str = Field("", description="a hostlist that narrows it, such as gpu[001-020]")
    features: frozenset[str] = Field(frozenset(), description="Slurm features that a node must have")
    gres: Mapping[str, int] = Field(default_factory=dict, description='what each node must have: {"gpu" = 4}')
    role: str = Field("cloud_compute", pattern=r"^[\w:.-]+$", description="written to the role file")
    prepare: tuple[Argv, ...] = Field((), description="commands run on the node before Puppet, each a list of words")
    kube_name: Template = Field("{node}", description="the node's name in Kubernetes")
    labels: Mapping[str, str] = Field(default_factory=dict, description="put on the Kubernetes node")
    taints: tuple[TaintSettings, ...] = Field(
        (), description="put on the Kubernetes node; any other that keeps pods away has to go before the node is lent"
    )
    skip_daemonsets: frozenset[Annotated[str, Field(pattern="^[^/]+/[^/]+$", examples=["monitoring/exporter"])]] = (
        Field(frozenset(), description="DaemonSets, as namespace/name, that a node is lent without")
    )
    allocatable: Mapping[str, Quantity] = Field(
        default_factory=dict,
        description='what a node has to offer to pods before it is lent: {"nvidia.com/gpu" = 4, memory = "480Gi"}',
    )
    images: tuple[str, ...] = Field((), description="container images that are pulled before a node is lent")
    pull: Argv = Field(("crictl", "pull"), description="pulls one; its name comes last")
    verify: tuple[CheckSettings, ...] = Field((), description="what a node has to pass on its way home")
    unit: str = Field("", description='what one node brings, for people: "4 A100"')
    power: str = Field(examples=["bmc"], description="the [power.NAME] that its BMCs are of")
    channel: Channel = Field(description="where its requests are decided")
    requesters: People = Field(frozenset({"*"}), description="who may ask: user and user group ids, or *")
    approvers: People = Field(min_length=1, description="who decides", examples=[["S0123456789"]])
    operators: People = Field(frozenset(), description="who may also give back and force, at night")
    oncall: Called = Field(
        frozenset(),
        description="user and group ids that alarms mention; they may what operators may; empty: the operators",
    )
    oncall_second: Called = Field(
        frozenset(),
        description="who is called as well when nobody has taken an alarm by the last of `[pace] call_again`",
    )
    floor: int = Field(0, ge=0, description="nodes that stay usable in Slurm, whatever is lent")
    max_nodes: int = Field(16, ge=1, description="of one loan")
    max_length: Span = Field(timedelta(days=14), description="of one loan, extensions included")
    max_waiting: int = Field(10, ge=1, description="undecided requests that one person may have at once")
    lapse_after: Span = Field(timedelta(hours=8), description="an undecided request ends after this")
    reminders: tuple[Span, ...] = Field((timedelta(hours=24), timedelta(hours=1)), description="before the deadline")
    to_convert: Span = Field(
        timedelta(minutes=10),
        description="how long a loan takes to arrive: kept free before one that begins on a date, until 5 are measured",
    )
    to_return: Span = Field(
        timedelta(minutes=15),
        description="how long a loan takes to come home: kept free after its deadline, until 5 are measured",
    )


class PaceSettings(Section):
    """How patient the engine is. The defaults suit nodes that boot in 5 min and Puppet runs of 2."""

    workers: int = Field(64, ge=1, le=2000, description="far sides waited for at once; a waiting node needs none")
    tick: Span = Field(timedelta(seconds=1), description="between two looks at what is due, in wall time")
    look_every: Span = Field(timedelta(seconds=5), description="between two looks at a step that is not done")
    evict_every: Span = Field(timedelta(seconds=20), description="between two passes of eviction")
    ask_after: SpanOrNone = Field(
        timedelta(minutes=30), description="a return blocked for so long is brought to people"
    )
    call_again: tuple[Span, ...] = Field(
        (timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)),
        description="how long after it was raised an alarm that nobody took is called out again",
    )
    settle_for: SpanOrNone = Field(timedelta(seconds=30), description="a node must stay usable for so long to be home")
    passing: SpanOrNone = Field(
        timedelta(minutes=10), description="a refusal (401, 403, an expired credential) may pass within this"
    )
    command_timeout: Span = Field(timedelta(minutes=5), description="for a command on a node")
    puppet_timeout: Span = Field(timedelta(minutes=20), description="for a Puppet run")
    waves: int = Field(4, ge=1, le=20, description="how often nodes are taken for one loan, replacements included")
    breaker_nodes: int = Field(
        3, ge=2, description="so many nodes of a class that fail alike: no more are taken for them, people are asked"
    )
    breaker_within: Span = Field(timedelta(minutes=30), description="within which they fail")
    breaker_asks: SpanOrNone = Field(
        timedelta(hours=1), description="so long loans then wait for people, before they go on with what they have"
    )
    role_file: str = Field("/etc/puppet-role", pattern="^/", description="where the role is written")
    run_dir: str = Field("/run/lendbot", pattern="^/", description="our notes on a node; wiped by its reboot")
    puppet: Argv = Field(("run_puppet",), description="the masterless Puppet run")
    patience: Mapping[StepName, Span] = Field(
        default_factory=dict, description="per step of the runbook, over the defaults"
    )


class ClockSettings(Section):
    """The clock, for rehearsals. It may run faster, and begin at another date; every card then says so."""

    speed: float = Field(1.0, ge=1, le=3600, description="seconds that pass in one; 1 everywhere but in rehearsals")
    origin: AwareDatetime | None = Field(None, description="the real moment at which the rehearsal begins")
    shows: AwareDatetime | None = Field(
        None, description="what lendbot's clock shows at that moment; absent: the real time"
    )

    @model_validator(mode="after")
    def _has_its_origin(self) -> "ClockSettings":
        if self.origin is None and (self.speed != 1 or self.shows is not None):
            raise ValueError("a clock that is fast, or set to another date, needs origin: when the rehearsal begins")
        return self


class LogSettings(Section):
    """The log, on standard error."""

    format: Literal["text", "json"] = Field("text", description="json for a collector")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is written")


class MetricsSettings(Section):
    """Metrics and health for Prometheus."""

    listen: str = Field("", pattern=r"^([^:]+:\d+)?$", description="host:port of /metrics and /healthz; empty: off")


class SiteSettings(Section):
    """The whole file."""

    site: str = Field("this site", description="its name, as `lendbot doctor` shows it")
    slack: SlackSettings
    store: StoreSettings = StoreSettings()
    slurm: SlurmSettings = SlurmSettings()
    ssh: SshSettings
    kubernetes: KubernetesSettings = KubernetesSettings()
    power: Mapping[str, PowerSettings] = Field(min_length=1, description="BMCs, by name")
    classes: Mapping[str, ClassSettings] = Field(min_length=1, description="what is lent, by name")
    pace: PaceSettings = PaceSettings()
    clock: ClockSettings = ClockSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @model_validator(mode="after")
    def _names_meet(self) -> "SiteSettings":
        """Hold what one table says of another against it, and names that two classes claim."""
        taken: dict[str, str] = {}
        for name, of in self.classes.items():
            if of.power not in self.power:
                raise ValueError(f"classes.{name}.power is {of.power!r}, and there is no [power.{of.power}]")
            for word in (name, *of.aliases):
                if other := taken.get(word.lower()):
                    raise ValueError(f"classes.{name} is called {word!r}, and so is classes.{other}")
                taken[word.lower()] = name
        return self
