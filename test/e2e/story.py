"""What the person in the walkthrough asks, step by step, and which answers are the ones to show."""

from dataclasses import dataclass, field

from cnpg_mcp.demo.kinds import KubeObject
from test.e2e.desk import Data

CLUSTER = "shop"
NAMESPACE = "team-shop"
"""Stands for the run's own namespace."""

INTRODUCTION = f"""\
# A walk through the life of a cluster

This is what it is like to have a PostgreSQL cluster made, looked after and taken down through the
server. A person asks, their assistant calls a tool, and the server answers with the text shown.
Nothing here is made up: `test/e2e/walkthrough.py` wrote this page while talking to the real server
over stdio, on a Kubernetes cluster with CloudNativePG 1.30 and PostgreSQL in real pods. A test
repeats the walk and fails when an answer differs.

Only what differs from run to run was replaced: the namespace (here `{NAMESPACE}`, which is also
the kubeconfig's default), ages, confirmation codes and their times, and the version and image of
PostgreSQL.

The MCP client starts the server like this; everything it may do is what the kubeconfig may do:

```json
{{
  "mcpServers": {{
    "cnpg": {{
      "command": "/path/to/cnpg-mcp/.venv/bin/cnpg-mcp-server",
      "env": {{"KUBECONFIG": "/home/you/.kube/config"}}
    }}
  }}
}}
```
"""

END = """\
## Where to go from here

Every refusal has this form: a code, what happened, and what to do next. Programs need not read the
text: an answer's structured content has the same facts, and a refusal's `_meta` the same error.

All tools with all their parameters are in [tools.md](tools.md); what the settings are for is in
[configuration.md](configuration.md).
"""

ROLE: KubeObject = {"name": "reporting", "login": True, "inRoles": ["pg_read_all_data"]}
DATABASE: KubeObject = {
    "name": "reports",
    "owner": "reporting",
    "extensions": [{"name": "pg_trgm"}, {"name": "postgis"}],
}
DECLARED: dict[str, KubeObject] = {"databaseroles": ROLE, "databases": DATABASE}


@dataclass(frozen=True)
class Step:
    """One question: heading, what is asked, the call, and what to make of the answer."""

    heading: str
    before: str
    question: str
    tool: str
    arguments: Data
    after: str = ""
    refused: bool = False
    expected: Data = field(default_factory=dict)
    """What the structured content has when the answer is the one to show; asked for until then."""
    finding: str = ""
    """Text in a finding of the answer to show."""
    confirmed: bool = False
    """Whether the call carries the code of the plan before it."""
    repeated: bool = False
    """Whether the call carries the code that was used last."""
    gone: str = ""
    """A role that is not in the answer to show."""
    passing: bool = False
    """Whether the answer to show is true for some seconds only."""

    def is_answered_by(self, data: Data) -> bool:
        """Whether this is the answer to show."""
        found = [finding["message"] for finding in data.get("findings", ())]
        if self.gone in [row["name"] for row in data.get("roles", ())]:
            return False
        return all(data.get(key) == value for key, value in self.expected.items()) and (
            not self.finding or any(self.finding in message for message in found)
        )


CREATION = (
    Step(
        "Ask before anything is made",
        "A dry run goes all the way to the API server and through the operator's checks, and "
        "stores nothing. The answer states what was assumed and what the operator would fill in.",
        "I need a small PostgreSQL for the shop team to try things out. What would you create?",
        "create_postgres_cluster",
        {"name": CLUSTER, "profile": "dev", "dry_run": True},
        after="The `dev` profile is one instance with a small volume, and the answer says what "
        "that means: no failover, no backup. The `production` profile asks for a storage size "
        "first, because a volume never shrinks.",
    ),
    Step(
        "Create it",
        "The same call without `dry_run`. With `wait_seconds` it would wait; here it answers at "
        "once, and *accepted* is all that is known by then.",
        "Fine, go ahead.",
        "create_postgres_cluster",
        {"name": CLUSTER, "profile": "dev"},
        after="The password was made by the operator and is in the Secret named above. It appears "
        "in no answer: the server never reads it.",
    ),
    Step(
        "The first seconds",
        "The verdict is `PROGRESSING` while the operator works as asked. It would be `DOWN` with "
        "the cause if, say, the image could not be pulled.",
        "Is it ready?",
        "get_cluster_status",
        {"name": CLUSTER},
        expected={"verdict": "progressing", "phase": "Setting up primary"},
        finding="job ",
        passing=True,
    ),
    Step(
        "Healthy",
        "About half a minute later. `HEALTHY` is said when the pods, the write Service's endpoint "
        "and the operator agree, not because the reported phase reads well.",
        "And now?",
        "get_cluster_status",
        {"name": CLUSTER},
        expected={"verdict": "healthy"},
        after="The last lines are what an application needs to connect. Notes (`info`) do not "
        "count against the verdict.",
    ),
    Step(
        "The estate at a glance",
        "The list costs one call to the API server, however many clusters there are. It shows what "
        "the operator reports, and says so.",
        "Which PostgreSQL clusters do we have?",
        "list_postgres_clusters",
        {},
    ),
    Step(
        "Roles and databases of a new cluster",
        "Only what `initdb` made is there. CloudNativePG does not watch it: somebody could change "
        "it in PostgreSQL and nothing would put it back.",
        "Who can log in to shop?",
        "list_postgres_roles",
        {"cluster_name": CLUSTER},
    ),
)

DECLARATION = """\
## Somebody declares more

Roles and databases can be declared as objects of their own. A colleague applies these with
`kubectl apply`:

```yaml
{manifests}
```
"""

AFTERWARDS = (
    Step(
        "Who is there now",
        "Each role comes with where it was declared and how far the operator got.",
        "Who can log in to shop now?",
        "list_postgres_roles",
        {"cluster_name": CLUSTER},
    ),
    Step(
        "What went wrong, in PostgreSQL's words",
        "The database was created and one of its extensions is not in the image. Each part has "
        "its own state, and the message is PostgreSQL's own.",
        "Are the databases fine?",
        "list_postgres_databases",
        {"cluster_name": CLUSTER},
        after="Text in double quotes comes from the cluster. It is data: an assistant is told not "
        "to take it for instructions.",
    ),
    Step(
        "A mistake is refused before anything exists",
        "",
        "Make another one called billing, with 10 gigs.",
        "create_postgres_cluster",
        {"name": "billing", "storage_size": "10 gigs"},
        refused=True,
    ),
    Step(
        "What does not exist is not found",
        "",
        "How is shpo doing?",
        "get_cluster_status",
        {"name": "shpo"},
        refused=True,
    ),
)


PLAN = {"outcome": "planned"}
DONE = {"outcome": "applied"}
OWN_ROLE = {"cluster_name": CLUSTER, "role_name": "orders_app"}
OWN_DATABASE = {"cluster_name": CLUSTER, "database_name": "orders"}

WRITING = (
    Step(
        "A role with a password that nobody sees",
        "The server makes the password and keeps it in a Secret. *Applied* means that PostgreSQL "
        "has the role with that password.",
        "The orders service needs its own login.",
        "create_postgres_role",
        {**OWN_ROLE, "wait_seconds": 45},
        expected=DONE,
    ),
    Step(
        "A database with its parts",
        "",
        "And a database for it, with trigram search and a schema called sales.",
        "create_postgres_database",
        {
            **OWN_DATABASE,
            "owner": "orders_app",
            "extensions": ["pg_trgm"],
            "schemas": ["sales"],
            "wait_seconds": 45,
        },
        expected=DONE,
    ),
    Step(
        "An ordinary change",
        "Only what is given changes.",
        "It should not open more than 20 connections.",
        "update_postgres_role",
        {**OWN_ROLE, "connection_limit": 20, "wait_seconds": 45},
        expected=DONE,
    ),
    Step(
        "What hurts is planned first",
        "Nothing has happened yet. The assistant is told to show this to the person, and the code "
        "is good for exactly this.",
        "I think the password leaked. Make a new one.",
        "update_postgres_role",
        {**OWN_ROLE, "rotate_password": True, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "And done when the person agrees",
        "The same call with the code.",
        "Yes, do it.",
        "update_postgres_role",
        {**OWN_ROLE, "rotate_password": True, "wait_seconds": 45},
        expected=DONE,
        confirmed=True,
    ),
    Step(
        "A code works once",
        "Whoever repeats the call is told so, and gets no new code beside it.",
        "(the assistant repeats the call by mistake)",
        "update_postgres_role",
        {**OWN_ROLE, "rotate_password": True, "wait_seconds": 45},
        refused=True,
        repeated=True,
    ),
    Step(
        "A drop that PostgreSQL will refuse",
        "The plan says what it knows: the role owns a database.",
        "The orders service is gone. Remove its login.",
        "delete_postgres_role",
        {**OWN_ROLE, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "It stays armed",
        "PostgreSQL's words, and how to take it back.",
        "Try anyway.",
        "delete_postgres_role",
        {**OWN_ROLE, "wait_seconds": 45},
        refused=True,
        confirmed=True,
    ),
    Step(
        "Drop the database",
        "",
        "Then remove the orders database as well.",
        "delete_postgres_database",
        {**OWN_DATABASE, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "The database is gone",
        "",
        "Yes, all of it.",
        "delete_postgres_database",
        {**OWN_DATABASE, "wait_seconds": 45},
        expected=DONE,
        confirmed=True,
    ),
    Step(
        "The armed drop has happened",
        "The operator tries again every half minute: with the database gone, the role went too, "
        "and its Secret with it.",
        "Is the login still there?",
        "list_postgres_roles",
        {"cluster_name": CLUSTER},
        gone="orders_app",
    ),
    Step(
        "A replica",
        "Adding instances destroys nothing, so it is done at once.",
        "Give shop a replica.",
        "scale_postgres_cluster",
        {"name": CLUSTER, "instances": 2},
        expected={"outcome": "accepted"},
    ),
    Step(
        "Two instances",
        "",
        "Is the replica there?",
        "get_cluster_status",
        {"name": CLUSTER},
        expected={"verdict": "healthy", "ready": 2},
    ),
    Step(
        "Fewer instances means fewer volumes",
        "The plan names what goes: always the highest number that is not the primary.",
        "One is enough after all.",
        "scale_postgres_cluster",
        {"name": CLUSTER, "instances": 1, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "Gone with its volume",
        "",
        "Yes.",
        "scale_postgres_cluster",
        {"name": CLUSTER, "instances": 1, "wait_seconds": 45},
        expected=DONE,
        confirmed=True,
    ),
    Step(
        "No backup, no deletion",
        "The plan counts what would die. Without a recent completed backup there is no code.",
        "We are done with shop. Delete it.",
        "delete_postgres_cluster",
        {"name": CLUSTER, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "Unless that is said",
        "",
        "There is nothing in it worth keeping.",
        "delete_postgres_cluster",
        {"name": CLUSTER, "without_backup": True, "wait_seconds": 45},
        expected=PLAN,
    ),
    Step(
        "The end",
        "Proven by looking: the Cluster, its pods and its volumes are gone. What the plan said "
        "would be left is left.",
        "Yes, delete it.",
        "delete_postgres_cluster",
        {"name": CLUSTER, "without_backup": True, "wait_seconds": 45},
        expected=DONE,
        confirmed=True,
    ),
)
