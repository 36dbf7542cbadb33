"""The promises of Keyturn: id, whether tests keep it today, and its sentence.

A test names what it keeps with `@pytest.mark.requirement("C2")`. To move a promise, replace the
area of its row by KEPT, or by Partly with what is missing; test_requirements.py checks both
directions. The sentences are short forms: the source that a section names is what counts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """At least one test carries the id."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """No test carries the id, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Partly:
    """Tests carry the id and hold what they name; this part of the promise is still missing."""

    missing: str


State = Kept | NotYet | Partly


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One promise and where it is written."""

    id: str
    state: State
    sentence: str
    source: str


KEPT = Kept()
GATE = NotYet("the walk of a call is being built")
WIRE = NotYet("the broker's ends of the wire are being built")
LOG = NotYet("the decision log is being built")
PROCESS = NotYet("the processes and their pipes are being built")
WINDOW = NotYet("the console's screens are being built")
STOP = NotYet("the stop is being built")
KEYCHAIN = NotYet("the keychain adapter is being built")
BURSTS = NotYet("grouping, batches and flood guards come with bursts")
RULES = NotYet("the rule editor, back-tests and suggestions come with rules")
HISTORY = NotYet("search, retention and export come with history")
HOSTS = NotYet("wrapping the hosts' configurations comes with setup")
MONITOR = NotYet("trips, statistics and the attention panel come with the monitor")
DRILLS = NotYet("drills are left out on purpose (architecture 7, issue 6)")
CALM = NotYet("batching to calm moments is left out on purpose (architecture 7, issue 6)")
RECEIPTS = NotYet("signed receipts come with receipts")


def _section(source: str, *rows: tuple[str, State, str]) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(id=id_, state=state, sentence=sentence, source=source)
        for id_, state, sentence in rows
    )


LAWS = _section(
    "architecture 1",
    ("LAW-1", KEPT, "No record, no call: sent only after the decision is committed."),
    ("LAW-2", KEPT, "What was shown is what is sent, by a digest over the whole call."),
    ("LAW-3", KEPT, "No answer is no: silence, crash, full disk and errors send nothing."),
    ("LAW-4", KEPT, "There is no approval interface outside window and named approver."),
    ("LAW-5", KEPT, "Stop means stop: it survives everything but a person's resume."),
    ("LAW-6", KEPT, "Claims are not facts: what an agent or server says never lowers caution."),
    ("LAW-7", KEPT, "What is neither judged nor changed passes byte for byte."),
    ("LAW-8", KEPT, "Secrets stay in the keychain and reach only the server they belong to."),
)

SIGHTS = _section(
    "architecture 3, 7; console 3.1",
    (
        "HIDE-1",
        KEPT,
        "What is hidden from an agent is not listed, and refused however asked.",
    ),
    ("HIDE-2", KEPT, "A profile of a task ends by itself, and its end never shows more."),
    ("SIGHT-FIRST", KEPT, "A new agent sees confirmed reads alone unless a person takes more."),
)
SEALS = _section(
    "architecture 7 Seals",
    ("SEAL-1", KEPT, "Agreements that another program changed on disk count for nothing."),
    ("SEAL-2", KEPT, "Only a person seals again, and exactly what was on screen."),
    ("SEAL-3", KEPT, "Locked keychain: nothing that is sealed counts; none: it is said."),
    ("POSTURE-1", KEPT, "Only a new profile lets confirmed reads through unasked; no edit does."),
)
EDITS = _section(
    "architecture 7 Edit then allow",
    ("EDIT-1", KEPT, "What a person wrote is judged whole again and sent as shown; a deny wins."),
    ("EDIT-2", KEPT, "What was asked and what was sent, and both digests, are recorded first."),
    ("EDIT-3", KEPT, "The window alone edits, only what waits; Allow arms anew on the difference."),
    ("EDIT-4", KEPT, "The agent is told that it was changed, not to what; no other call gains."),
)
PINS = _section(
    "security 3, console 3.11",
    ("PIN-1", KEPT, "Where a person chose so a call is allowed with their PIN only."),
    ("PIN-2", KEPT, "Five wrong PINs lead to a pause that doubles, over restarts too."),
    ("PIN-3", KEPT, "Changing the PIN takes the present one; none is written anywhere."),
    ("PIN-4", KEPT, "Two persons are two PINs of two names, for one card, within two minutes."),
    ("PIN-5", KEPT, "What loosens takes the PIN on the card of a review as anywhere else."),
)
PRESENCE = _section(
    "issue 6, item 6, console 3.11",
    ("PRESENCE-1", KEPT, "The system's dialog asks a person, says what for, and is asked anew."),
    ("PRESENCE-2", KEPT, "Its answer is for one request of one window; what changes voids it."),
    ("PRESENCE-3", KEPT, "Choosing it takes the PIN and is recorded; the PIN stays a way."),
    ("PRESENCE-4", KEPT, "The card says that it is open and takes it back; nothing waits for it."),
)
TWO_PERSONS = _section(
    "issue 4, item 1",
    ("TWO-1", KEPT, "A tool that takes two persons is called with both of them only."),
    ("TWO-2", KEPT, "With no second person such a call is refused, and it is said what mends it."),
    ("TWO-3", KEPT, "The mark outlives its server's changes, and goes with both PINs only."),
    ("TWO-4", KEPT, "What loosens such a tool, its tier, labels or rules, takes both PINs."),
)
STEP_UP = _section(
    "issue 4, item 6",
    ("STEP-1", KEPT, "A change around an agent has its changing calls take one step more."),
    ("STEP-2", KEPT, "It outlives the broker, and a changed database raises everybody."),
    ("STEP-3", KEPT, "Only a person in the window lowers it, by exactly what was on screen."),
    ("STEP-4", KEPT, "A click lets no call out that takes more by then than was met."),
)
LARGE_PAYLOADS = _section(
    "architecture 2",
    (
        "POOL-LARGE",
        Partly("of a call that is no tool's the params are taken apart on the loop"),
        "Payloads over 64 KiB are read in two processes, never on the broker's loop.",
    ),
    ("POOL-SAME", KEPT, "What a worker reads is understood as what the broker reads."),
    ("POOL-DEAD", KEPT, "A dead or late worker means refused or withheld; it is replaced."),
    ("POOL-TURNS", KEPT, "A flood of one agent delays another's payload by one job at most."),
    ("POOL-ENDS", KEPT, "No worker outlives its broker, however that ends."),
)

RESULTS = _section(
    "security-cases 4, 11, 12, 14",
    ("RESULT-MASKED", KEPT, "No secret that is known by its form reaches an agent in a result."),
    ("RESULT-UNSEEN", KEPT, "What nobody sees is removed; all that people write stays whole."),
    ("RESULT-TOLD", KEPT, "What was taken out is told: how much and where, never the value."),
    ("RESULT-SWITCH", KEPT, "Only a person switches a control off, and only for one tool."),
    ("RESULT-LINKS", KEPT, "Links and pictures that carry data are marked for the person."),
    ("RESULT-SCHEMA", KEPT, "A result that breaks its tool's output schema reaches no agent."),
    ("RESULT-SHAPE", KEPT, "A shape that a tool's results never had is marked, and only marked."),
    ("RESULT-BUDGET", KEPT, "An agent gets no more of results than its budgets say."),
    ("SIGN-MARKED", KEPT, "A result that reads like an order to the model is marked, and no more."),
    ("SIGN-TOLD", KEPT, "A sign is told by its kind and place; its words are in no record."),
    ("SIGN-CARD", KEPT, "Later cards of the session say which results read like an order."),
    ("SIGN-HOLD", KEPT, "Where a person chose so, such a result reaches no agent unallowed."),
    ("SIGN-SHOWN", KEPT, "What is handed on is what was shown, byte for byte, or nothing."),
    ("SIGN-BOUND", KEPT, "Reading for signs is linear in the text, however it is made."),
    ("SIGN-OTHERWISE", KEPT, "An order is read encoded, spaced, turned and respelt, too."),
    ("RESULT-LIMIT", KEPT, "A result over its tool's limit is cut, and says so."),
    ("RESULT-META", KEPT, "A result says how much was taken out of it, and only Keyturn says so."),
    ("RESULT-ROWS", KEPT, "Structured rows are masked by their columns, files by what they are."),
    (
        "RESULT-ANY-SIZE",
        KEPT,
        "Large, deep, wrong and binary results end, and the next call works.",
    ),
    ("RESULT-KEPT", KEPT, "Of what was cut all text is kept for the person, within bounds."),
)
WINDOW_ROWS = _section(
    "console 3.1",
    ("W1", KEPT, "Any pending call is two actions away, the stop one."),
    ("W2", KEPT, "Interactive 2.0 s after a cold start with 100,000 rows and 500 rules."),
    ("W3", KEPT, "500 arrivals open no modal dialog and change no active window."),
    ("W4", KEPT, "Geometry, splitter, sort, filters and view survive a restart."),
    ("GUI-THREAD", KEPT, "Nothing of the window is deleted on another thread than its own."),
    ("W5", KEPT, "A second launch raises the running one, also without a tray."),
    ("W6", KEPT, "The state in the top bar is right 250 ms after the broker's."),
)

CARD = _section(
    "console 3.2",
    ("C1", KEPT, "10,000 interleavings: Allow never hits a call other than the painted one."),
    ("C2", KEPT, "Enter, Space, y, a, 1 repeated while 50 calls arrive decide nothing."),
    (
        "CARD-MASK",
        KEPT,
        "A call's secret values are hidden in every text, shown while held; stored ones are named.",
    ),
    ("C3", KEPT, "Raw tab, hashed value and what the server receives are the same bytes."),
    ("C4", KEPT, "Every character of every argument is reachable by keyboard; none elided."),
    ("C5", KEPT, "The button row stands still across cards, tiers and tabs."),
    ("C6", KEPT, "T2 needs the acknowledgement, T3 the typed name or presence."),
    ("C7", KEPT, "Closing, Escape and killing the console never make an allow or a rule."),
    ("C8", KEPT, "The rule sheet opens at its narrowest scope, always."),
    ("C9", KEPT, "100 KiB of arguments: first content in 150 ms, all in 600 ms, no stall."),
    ("C10", KEPT, "Default action, deadline and tier shown are those of the record."),
)

DEADLINE = _section(
    "console 3.3",
    ("D1", KEPT, "Decided ten minutes late, the next identical call runs exactly once."),
    ("D2", KEPT, "Silence is never stored or reported as a denial."),
    ("D3", KEPT, "A retry that differs in one byte never matches the grant."),
    ("D4", KEPT, "The learned hold budget is within 5 s after three time-outs."),
    ("D5", KEPT, "The card's remaining time is within 2 s of the broker's."),
)

QUEUE = _section(
    "console 3.4",
    ("Q1", KEPT, "500 calls in 1 s: no stall over 100 ms, none lost, none sent undecided."),
    (
        "Q2",
        KEPT,
        "A ruled read is sent in 50 ms while another session has 500 waiting.",
    ),
    ("Q3", KEPT, "100 mixed calls are cleared by keyboard in 5 min, 5 planted ones denied."),
    ("Q4", KEPT, "The selection stays the same over 1,000 inserts and removals."),
    ("Q5", KEPT, "The identical call repeated while pending is one row, asked n times."),
    (
        "Q6",
        KEPT,
        "A rule that covers 37 waiting calls settles them in 300 ms, a row each.",
    ),
    (
        "Q7",
        KEPT,
        "The call over the queue's limit is refused in 50 ms, the queue intact.",
    ),
    ("FLOOD", KEPT, "An agent that asks too much is held until a person chooses, others not."),
)

KILL_SWITCH = _section(
    "console 3.5",
    (
        "K1",
        KEPT,
        "100 ms from the trigger to the last send, with the window blocked too.",
    ),
    (
        "K2",
        KEPT,
        "10,000 calls around the instant of the stop: none is sent after it.",
    ),
    ("K3", KEPT, "The stop survives crash, restart and reboot."),
    ("K4", KEPT, "Console dead or frozen: nothing is sent, cards are back within 3 s."),
    ("K5", KEPT, "The stop shows in tray, top bar, card and title within 500 ms."),
    ("K6", KEPT, "Retries while stopped are all refused and counted."),
    ("K7", KEPT, "Resuming brings back no grant and no pending approval."),
)

HISTORY_ROWS = _section(
    "console 3.6",
    ("H1", KEPT, "100,000 rows open in 400 ms and filter in 200 ms, free text in 500 ms."),
    ("H2", KEPT, "A decision is in history after 500 ms and durable before the send."),
    ("H3", KEPT, "Every outcome is filterable and has its own word and icon."),
    ("H4", KEPT, "50 planted secrets are found in no database, export, log or clipboard."),
    ("H5", KEPT, "Pruning 100,000 rows never blocks the window over 50 ms."),
    ("H6", KEPT, "Tampering with any row makes verify name the first broken one."),
    ("H7", KEPT, "A rule made from history allows the identical call and shows its name."),
)

RULE_ROWS = _section(
    "console 3.7",
    ("R1", KEPT, "Hit count and last hit are exact in a replay of 10,000 calls."),
    ("R2", KEPT, "A saved rule is read back and proven to match before it says saved."),
    ("R3", KEPT, "A changed definition suspends the tool's rules before the next call."),
    ("R4", KEPT, "500 rules are deleted in 1 s, and it can be undone."),
    ("R5", KEPT, "An upgrade from each earlier schema keeps every rule."),
    ("RULE-FORM", KEPT, "The form has every limit and window, and loses none of a rule."),
    ("RULE-TEXT", KEPT, "Rules written as text are read as the same rules, nothing hidden."),
    ("RULE-ASK", KEPT, "What is asked of the rules is answered as they stand, changing nothing."),
    ("RULE-IMPORT", KEPT, "Imported rules wait in the window, and take the place of none."),
)

FIRST_RUN = _section(
    "console 3.8",
    ("F1", HOSTS, "Import and undo leave 30 real configurations byte for byte as they were."),
    ("F2", HOSTS, "A crash at any write leaves the old or the new file, never a part."),
    (
        "F3",
        Partly("the screens of the hosts' configurations are to come"),
        "The wizard works by keyboard, in the long pseudo-locale, at 200 % text.",
    ),
    ("F4", HOSTS, "No client found: a snippet and the demo server are offered."),
    ("F5", HOSTS, "No secret shows in diff, backup log or screenshots."),
    (
        "F6",
        Partly("practice by script is timed; the hosts' configurations are to come"),
        "A scripted user is done in 180 s, at the median.",
    ),
    ("PRACTICE", KEPT, "Practice calls are recorded as practice and reach no server."),
    ("F7", HOSTS, "An edit that removes the wrapper shows as unprotected in 10 s."),
)

NOTIFICATIONS = _section(
    "console 3.9",
    ("N1", KEPT, "After 500 settled calls no notification remains."),
    ("N2", KEPT, "No notification holds a planted secret."),
    ("N3", KEPT, "Notifications off: the state is Problem in 5 s, another channel speaks."),
    ("N4", KEPT, "Every setting is reachable by search and by keyboard."),
    ("N5", KEPT, "Every weakening of protection makes a history row."),
    ("N6", KEPT, "The tray icons differ in shape, in grey, at 16 pixels."),
)

ERROR_STATES = _section(
    "console 3.10",
    (
        "E1",
        Partly("a bypass is suspected nowhere; each other state is forced"),
        "Every empty and error state is forced by a test: text, words, action.",
    ),
    ("E2", KEPT, "No traceback and no number without a sentence."),
    (
        "E3",
        Partly("a bypass is suspected nowhere yet; each other state is forced"),
        "Every error state refuses new calls.",
    ),
    ("E4", KEPT, "Ten of the thirteen states recover without a restart."),
)

SELF_APPROVAL = _section(
    "console 3.11",
    ("S1", KEPT, "Synthetic events and direct slot calls on Allow approve nothing."),
    ("S2", KEPT, "Markup, control codes and 10 MB names are inert and move nothing."),
    ("S3", KEPT, "No interface that an agent reaches has a way to decide or resume."),
    ("S4", KEPT, "A look-alike agent name shows the warning, over 20 pairs."),
)

ACCESSIBILITY = _section(
    "console 3.12",
    ("A1", KEPT, "No violation of the automated rows on contrast, names, sizes and keys."),
    (
        "A2",
        Partly("what AT-SPI is told is tested; NVDA, VoiceOver and Orca's own speech are by hand"),
        "The three screen reader scripts pass before each release.",
    ),
    ("A3", KEPT, "The language changes without a restart; two are complete."),
)

FATIGUE = _section(
    "console 3.13",
    (
        "P1",
        Partly("with all labels as proposed it is 11 %: commands after files were read (bench)"),
        "At most 5 % of a 1,000-call session prompt after a week of rules.",
    ),
    ("P2", KEPT, "Every prompt says why it was needed, so that it can be removed."),
    ("P3", KEPT, "T2 and T3 cards differ in structure, not only in colour."),
    ("P4", KEPT, "The attention panel warns of decisions that are too quick or too kind."),
    ("P5", DRILLS, "Drills are off by default, logged as drills, and feed only the panel."),
    ("P6", CALM, "Low-tier prompts wait for calm moments when the deadline allows."),
)

INVARIANTS = _section(
    "security 2",
    ("I-01", KEPT, "Every call sent has its committed decision with the same digest."),
    ("I-02", KEPT, "The arguments sent are the approved ones, as the same bytes."),
    ("I-03", KEPT, "Duplicate keys, NaN, surrogates, big integers and depth are refused."),
    ("I-04", KEPT, "An approval is void when server, tool, definition or session changes."),
    ("I-05", KEPT, "One approval is at most one send, across restart and double click."),
    ("I-06", GATE, "A multi-round retry has its own record and never a free question."),
    ("I-07", KEPT, "Console killed, hung or never started: nothing that asks is sent."),
    ("I-08", KEPT, "Past its deadline a call is not sent; a clock jump extends nothing."),
    ("I-09", KEPT, "Disconnected or cancelled before the decision: never sent."),
    (
        "I-10",
        KEPT,
        "Full disk, IO error, read-only or locked database: refused.",
    ),
    ("I-11", LOG, "Damaged, newer or rolled back database: starts locked."),
    ("I-12", RULES, "An unreadable, unsigned or erroring rule never lets a call pass."),
    (
        "I-13",
        Partly(
            "unknown tools and servers are refused, argument keys only where the schema is closed"
        ),
        "Unknown tool, server, method or argument key: asked at least.",
    ),
    ("I-14", KEPT, "A changed definition refuses the tool until a person accepts it."),
    ("I-15", KEPT, "Two servers with one tool name are never confused."),
    ("I-16", KEPT, "Annotations can only tighten the verdict."),
    (
        "I-17",
        Partly("nothing stops by itself yet, whose 250 ms are part of it"),
        "After the stop zero sends: 100 ms by hand, 500 pending in 1 s.",
    ),
    ("I-18", KEPT, "The stop is durable before it is said; only a person resumes."),
    ("I-19", WINDOW, "Allow is inert for its arming time after every change."),
    ("I-20", WINDOW, "No default button; Enter, Space and Escape never approve."),
    ("I-21", WINDOW, "The whole arguments are shown, hidden characters escaped, text plain."),
    ("I-22", BURSTS, "Bulk approval only over identical shapes, never with all lamps lit."),
    ("I-23", KEPT, "No credential byte is in any file, argument list or title."),
    ("I-24", KEPT, "Keychain locked, missing or plaintext: the call is refused."),
    ("I-25", KEPT, "A credential goes only to the server that it is bound to."),
    ("I-26", LOG, "Any change of history makes verify fail and the start locked."),
    ("I-27", LOG, "Denials, time-outs, stops, edits and secret reads have their records."),
    ("I-28", KEPT, "A second instance refuses in 1 s; a stale lock is recovered."),
    ("I-29", RECEIPTS, "A verifier rejects absent, expired, replayed or foreign receipts."),
    ("I-30", BURSTS, "Too many pending are refused at once, memory and frames bounded."),
    ("I-31", KEPT, "No error tells an agent policy, secrets, paths or other sessions."),
    ("I-32", KEPT, "One verdict a call, a pure function of policy, call and session."),
)

ROUTES = _section(
    "architecture 3",
    ("ROUTE-RESOURCES", KEPT, "resources/read is judged by rules of the kind read."),
    ("ROUTE-PROMPTS", KEPT, "prompts/get is judged by rules of the kind prompt."),
    ("ROUTE-COMPLETION", KEPT, "completion/complete is judged by rules of the kind complete."),
    ("ROUTE-TASKS", KEPT, "Tasks are judged by rules of the kind task."),
    ("ROUTE-SAMPLING", KEPT, "A server's sampling request is judged."),
    ("ROUTE-ELICITATION", KEPT, "A server's elicitation request is judged."),
    ("ROUTE-ROOTS", KEPT, "A server's request for roots is judged."),
)

LAUNCH = _section(
    "architecture 9, issue 4",
    ("LAUNCH-CLOSURE", KEPT, "A changed byte of what a server loads asks and says which file."),
    ("LAUNCH-ISSUER", KEPT, "A remote server whose certificate another authority issued asks."),
    ("LAUNCH-MARKS", KEPT, "What of a command runs or fetches code is said on its card."),
    ("AGENT-PROGRAM", KEPT, "An agent in another program than the enrolled one asks."),
)

REACH = _section(
    "issue 4, architecture 7 Tiers",
    ("ENV1", KEPT, "An agent of one environment reaches no other by server, credential, argument."),
    ("ENV-FORMER", KEPT, "The environment of a revoked agent holds until a person takes it away."),
    ("ENV2", KEPT, "An argument that names another environment than the server's asks."),
    ("TIER-PROPOSAL", KEPT, "A tier is proposed with its reason, and confirmed by a press only."),
    ("REACH-LIMIT", KEPT, "A rule can bound what one call, and what an hour, may touch."),
    ("REACH-COUNT", KEPT, "What one call touches is never counted too low by what was shown."),
    ("REACH-TIER", KEPT, "A command that changes raises a call's tier; one not understood is T2."),
    ("REACH-RUNS", KEPT, "A call that runs a file that an earlier call wrote says which call."),
    (
        "FLOW-NO-RULE",
        KEPT,
        "What was read as a secret leaves by no rule and no earlier approval.",
    ),
    ("FLOW-LINK", KEPT, "A secret that one agent read is known when another sends it days later."),
    ("FLOW-NO-VALUE", KEPT, "What is kept of a secret that was read does not hold it in any form."),
    ("REACH-PROOF", KEPT, "Of what a rule bounds by touches nothing wrong is proved."),
    ("ENV3", KEPT, "Labels and pairs are proposed or kept, and changed by a person only."),
)

ACCESS_REVIEW = _section(
    "issue 4, Build 6",
    ("ACCESS-1", KEPT, "What gives access is listed with its last use: keep, narrow, take away."),
    ("ACCESS-2", KEPT, "What nobody looked at for 90 days is overdue, over restarts too."),
    ("ACCESS-3", KEPT, "What a person keeps is what was on screen, and it is recorded."),
    ("ACCESS-4", KEPT, "Who changes what was noted puts no look off."),
)

TRACING = _section(
    "security 4",
    (
        "TRACE-RUN",
        KEPT,
        "Six words in a row that a result and an argument share are found, if three of them are not"
        " common ones; eight always are.",
    ),
    ("TRACE-NAME", KEPT, "An address, a path or a long number is found amid any text."),
    ("TRACE-FORM", KEPT, "Escaped, percent-encoded, base64 and hex texts are found, both ways."),
    ("TRACE-PART", KEPT, "Each part of an argument says which result it came from."),
    (
        "TRACE-COMMON",
        KEPT,
        "What is everywhere, a few common words, or what the tool says itself, never count alone.",
    ),
    (
        "TRACE-GAP",
        KEPT,
        "Words that were left out, put in or replaced hide no copy on either side of them.",
    ),
    ("TRACE-ABSENT", KEPT, "No other result that comes takes the origin of a run of words away."),
    ("TRACE-SAID", KEPT, "What servers ask, and what is answered to them, is traced too."),
    ("TRACE-VERDICT", KEPT, "That no origin was found never lowers a verdict."),
    ("TRACE-WORK", KEPT, "No text makes the trace do more than a bounded number of steps."),
    (
        "TRACE-WAITS",
        KEPT,
        "A trace takes turns with other work; its verdict waits for all of it, and a stop or an end"
        " in between is kept.",
    ),
)

SECRETS = _section(
    "issue 5, security-cases 1.12",
    ("SECRET-FOUND", KEPT, "Of secrets of every known shape at least 0.95 are found, by channel."),
    ("SECRET-FALSE", KEPT, "Of what only looks like a secret at most 0.01 is masked."),
    ("SECRET-ENCODED", KEPT, "A secret in base64, percent or JSON escapes is masked."),
    ("SECRET-BROKEN", KEPT, "A secret broken over lines or texts is masked where it is sure."),
    ("SECRET-COST", KEPT, "No text costs more work than was granted, however it is read."),
    ("SECRET-PROFILES", KEPT, "Each profile finds and leaves what its labelled set says."),
    ("SECRET-FORM", KEPT, "A masked configuration parses to the same keys, rows stay rows."),
    ("SECRET-AGAIN", KEPT, "What is masked is masked no further, and the rest stays as it was."),
    ("SECRET-PRIVATE", KEPT, "Of a file that is private no text is passed on."),
)

FLOWS = _section(
    "issue 5, security 4",
    ("FLOW-VALUE", KEPT, "No rule that does not test it lets an untrusted value change anything."),
    ("FLOW-LABELS", KEPT, "What others wrote or a person owns is proposed as U and P, by words."),
    ("TASK-NEW", KEPT, "A new task is begun in the window only, is recorded and releases nothing."),
    ("FLOW-FIRST", KEPT, "Where nothing was sent yet in a session is marked, and to be confirmed."),
    ("FLOW-GRAPH", KEPT, "Which server's results fed a call is shown as a graph, and spoken."),
    ("FLOW-BENCH", KEPT, "The bench of attention counts what the gate asks, and learns one half."),
)

TYPED = _section(
    "issue 5, what the person types",
    ("INPUT-1", KEPT, "Secrets, hidden text and pasted orders are found before a model gets them."),
    ("INPUT-2", KEPT, "A secret in what was typed is named by its kind and stands in no file."),
    (
        "INPUT-3",
        KEPT,
        "A typed value has an origin that says whose claim it is; no lamp changes.",
    ),
    ("INPUT-4", KEPT, "No claim that a value was typed takes the place of a result with it."),
    ("INPUT-5", KEPT, "A typed text belongs to the sessions of the host above its hook alone."),
    (
        "INPUT-6",
        KEPT,
        "Each text is recorded by length and findings; a flood is not taken.",
    ),
    ("INPUT-7", KEPT, "Each host is answered in its own form."),
    ("INPUT-8", KEPT, "The hook's snippet is printed; no file of a host is written."),
    ("INPUT-9", KEPT, "What nobody could check is kept back; checks need no broker."),
    ("INPUT-10", KEPT, "What is typed in Keyturn itself is known as typed by the person."),
    ("INPUT-11", KEPT, "Prompt arguments and answers to servers' forms pass the same check."),
)

REQUIREMENTS = (
    *LAWS,
    *SEALS,
    *EDITS,
    *SIGHTS,
    *PINS,
    *PRESENCE,
    *TWO_PERSONS,
    *STEP_UP,
    *LARGE_PAYLOADS,
    *RESULTS,
    *WINDOW_ROWS,
    *CARD,
    *DEADLINE,
    *QUEUE,
    *KILL_SWITCH,
    *HISTORY_ROWS,
    *RULE_ROWS,
    *FIRST_RUN,
    *NOTIFICATIONS,
    *ERROR_STATES,
    *SELF_APPROVAL,
    *ACCESSIBILITY,
    *FATIGUE,
    *INVARIANTS,
    *ROUTES,
    *LAUNCH,
    *REACH,
    *ACCESS_REVIEW,
    *TRACING,
    *SECRETS,
    *FLOWS,
    *TYPED,
)
