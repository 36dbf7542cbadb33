"""The scenes of the pages' gallery: the real presenters, fed by a bridge without a broker."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from PySide6.QtWidgets import QWidget

from keyturn.application.agent_messages import FloodState
from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown, StateChanged
from keyturn.application.console_state import (
    ChangedRow,
    ChangedTable,
    HealthState,
    SealState,
    ServerState,
    StopState,
)
from keyturn.application.pin_messages import MarkTwoPersons, PinState, SettleSeals
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.environment import Reach
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.gui.access.presenter import AccessPresenter
from keyturn.gui.access.used import UsedReader
from keyturn.gui.access.view import AccessView
from keyturn.gui.agents.presenter import AgentsPresenter
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.attention.view import AttentionView
from keyturn.gui.credentials.presenter import CredentialsPresenter
from keyturn.gui.credentials.view import CredentialsView
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.presenter import ServersPresenter
from keyturn.gui.servers.view import ServersView
from keyturn.gui.settings.presenter import SettingsPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.buttons import Button
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.presentation.attention import AttentionBuilder
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.credentials_builder import row_id
from keyturn.presentation.health import problem_of
from keyturn.presentation.owed_pins import OwedPins
from keyturn.presentation.rule_drafts import RuleDraft, TypedLimits, data_of
from keyturn.presentation.rules_builder import RulesBuilder
from keyturn.presentation.topbar_builder import top_bar_view
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.window_settings import CAREFUL_DELAY, THEME, WindowSettings
from tests.gui import attention_data
from tests.gui import pages_data as data
from tests.gui.gallery_more import HISTORY_BAR
from tests.gui.gallery_scenes import Studio
from tests.gui.servers_scene import a_new_tool, a_server
from tests.gui.spy_bridge import SpyBridge


def framed(page: Page, view: QWidget, studio: Studio) -> MainWindow:
    """Return the window with one page in it."""
    others = {other: QWidget() for other in Page if other is not page}
    window = MainWindow(studio.look, {**others, page: view})
    window.show_page(page)
    window.show_top_bar(HISTORY_BAR)
    return window


def rules(studio: Studio) -> tuple[SpyBridge, RulesView, RulesPresenter]:
    """Return the rules' page, filled."""
    bridge = SpyBridge()
    builder = RulesBuilder(studio.look.words)
    view = RulesView(studio.look, builder.effects())
    presenter = RulesPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        builder=builder,
        words=studio.look.words,
        parent=view,
    )
    bridge.setParent(view)
    bridge.tell(data.STATE)
    return bridge, view, presenter


def rules_list(studio: Studio) -> MainWindow:
    """The list alone."""
    return framed(Page.RULES, rules(studio)[1], studio)


def rules_detail(studio: Studio) -> MainWindow:
    """A rule that is overruled, open beside the list."""
    _, view, _ = rules(studio)
    view.rule_chosen.emit("r-5512cc90de21")
    return framed(Page.RULES, view, studio)


def rules_remove(studio: Studio) -> MainWindow:
    """The question before a rule goes, and the banner after a careful resume."""
    bridge, view, _ = rules(studio)
    bridge.tell(StateChanged(stop=StopState(engaged=False, careful=True)))
    view.rule_chosen.emit("r-90c4f0aa3e15")
    view.detail.remove.click()
    return framed(Page.RULES, view, studio)


def rules_form(studio: Studio) -> MainWindow:
    """A new rule that reaches further than one may think."""
    _, view, presenter = rules(studio)
    presenter.start_rule(
        RuleDraft(effect=Effect.ALLOW, agent="coder", server="git", tool="*", name="All of git")
    )
    return framed(Page.RULES, view, studio)


def rules_limits(studio: Studio) -> MainWindow:
    """A rule that allows, with every limit, one of which cannot be read."""
    _, view, presenter = rules(studio)
    limits = TypedLimits(
        per_minute="3", uses="100", touches_per_call="5", touches_per_hour="50", until="2026-12-24"
    )
    presenter.start_rule(
        RuleDraft(effect=Effect.ALLOW, agent="coder", server="git", tool="status", limits=limits)
    )
    return framed(Page.RULES, view, studio)


def rules_freeze(studio: Studio) -> MainWindow:
    """A change freeze that no approval gets past."""
    _, view, presenter = rules(studio)
    windows = (("2026-12-20 18:00", "2027-01-02 08:00"), ("2027-03-01", "2027-03-02"))
    presenter.start_rule(
        RuleDraft(
            effect=Effect.DENY,
            agent="coder",
            server="git",
            tool="push",
            never=True,
            limits=TypedLimits(windows=windows),
        )
    )
    return framed(Page.RULES, view, studio)


def access(studio: Studio) -> tuple[SpyBridge, AccessView]:
    """Return the access review, filled."""
    bridge, view = SpyBridge(), AccessView(studio.look)
    AccessPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        words=studio.look.words,
        used=UsedReader(),
        parent=view,
    )
    bridge.setParent(view)
    bridge.tell(StateChanged(access=data.ACCESS))
    return bridge, view


def access_list(studio: Studio) -> MainWindow:
    """What gives access, the overdue first."""
    return framed(Page.ACCESS, access(studio)[1], studio)


def access_detail(studio: Studio) -> MainWindow:
    """An agent with its token."""
    _, view = access(studio)
    view.entry_chosen.emit("agent:analyst")
    return framed(Page.ACCESS, view, studio)


def access_revoke(studio: Studio) -> MainWindow:
    """The question before a rule is taken away."""
    _, view = access(studio)
    view.entry_chosen.emit("rule:r-1")
    view.detail.revoke.click()
    return framed(Page.ACCESS, view, studio)


def agents_overdue(studio: Studio) -> MainWindow:
    """That something is overdue is said here, too."""
    bridge, view = agents(studio)
    bridge.tell(StateChanged(access=data.ACCESS))
    return framed(Page.AGENTS, view, studio)


def rules_empty(studio: Studio) -> MainWindow:
    """No rule at all, and the question before the looser built-in rule."""
    bridge, view, _ = rules(studio)
    bridge.tell(StateChanged(rules=()))
    window = framed(Page.RULES, view, studio)
    view.posture.row_of(view.posture.postures[1]).click()
    return window


def rules_changed(studio: Studio) -> MainWindow:
    """Rules that another program changed: left out after a question, which takes the PIN."""
    bridge, view, _ = rules(studio)
    rows = (
        ChangedRow(difference="added", key="r-77aa", text='{"effect":"allow","tool":"*"}'),
        ChangedRow(difference="removed", key="r-90c4f0aa3e15", text=""),
    )
    change = ChangedTable(table="rules", whole=True, shown="a" * 64, rows=rows)
    bridge.tell(StateChanged(seals=SealState(state="on", changed=(change,))))
    window = framed(Page.RULES, view, studio)
    view.seals.drop.click()
    owed = OwedPins(studio.look.words, lambda _rule: None, lambda _id: None)
    what_for = owed.said(SettleSeals(n=1, table="rules", shown="a" * 64, accept=False))
    window.pin_bar.ask(what_for, studio.look.words("console.pin_wrong", n=3))
    return window


def rules_proposed(studio: Studio) -> MainWindow:
    """Rules that the command line proposed, one of them open, none in force."""
    bridge, view, _ = rules(studio)
    test = Condition(path="/path", op=Operator.PATH_UNDER, value="/srv/site")
    first = Rule(id="r-p0", effect=Effect.ALLOW, agent="coder", server="filesystem", when=(test,))
    others = [Rule(id=f"r-p{n}", effect=Effect.DENY, server="git", tool=f"t{n}") for n in (1, 2, 3)]
    bridge.tell(StateChanged(proposed_rules=tuple(data_of(rule) for rule in (first, *others))))
    view.proposals.accepted.emit("r-p0")
    return framed(Page.RULES, view, studio)


def rules_two_persons(studio: Studio) -> MainWindow:
    """A change that takes two persons, and their two fields."""
    window = framed(Page.RULES, rules(studio)[1], studio)
    owed = OwedPins(studio.look.words, lambda _rule: None, lambda _id: None)
    mark = MarkTwoPersons(n=1, server="logistics", tool="dispatch_all", on=False)
    window.pin_bar.ask(owed.said(mark, both=True), "", "Ada")
    return window


def settings_pin(studio: Studio) -> MainWindow:
    """The PIN, what takes it, and the second person."""
    bridge, view = settings(studio)
    pin = PinState(is_set=True, use="t2_t3", second="Ada", beside="Grace", ready="ready")
    bridge.tell(StateChanged(pin=pin))
    view.search_wanted.emit("PIN")
    return framed(Page.SETTINGS, view, studio)


def agents(studio: Studio) -> tuple[SpyBridge, AgentsView]:
    """Return the agents' page, filled."""
    bridge = SpyBridge()
    view = AgentsView(studio.look)
    AgentsPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        words=studio.look.words,
        python="/srv/keyturn/bin/python",
        shim="/srv/keyturn/lib/keyturn/shim.py",
        parent=view,
    )
    bridge.setParent(view)
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(data.STATE)
    return bridge, view


def agents_list(studio: Studio) -> MainWindow:
    """The list, a proposal, and one that has not proven itself."""
    return framed(Page.AGENTS, agents(studio)[1], studio)


def agents_detail(studio: Studio) -> MainWindow:
    """An agent with the lines that its host starts."""
    _, view = agents(studio)
    view.agent_chosen.emit("analyst")
    return framed(Page.AGENTS, view, studio)


def agents_paused(studio: Studio) -> MainWindow:
    """An agent that a person paused, and the question before it goes on."""
    bridge, view = agents(studio)
    flood = FloodState(paused=True, since="2026-11-23T14:07:53.000Z")
    told = tuple(
        msgspec.structs.replace(one, flood=flood) if one.name == "coder" else one
        for one in data.STATE.agents or ()
    )
    bridge.tell(StateChanged(agents=told))
    view.agent_chosen.emit("coder")
    view.detail.findChildren(Button, "agent_pause")[-1].click()
    return framed(Page.AGENTS, view, studio)


def agents_unproven(studio: Studio) -> MainWindow:
    """One whose name looks like another's."""
    _, view = agents(studio)
    view.agent_chosen.emit("anaIyst")
    return framed(Page.AGENTS, view, studio)


def agents_revoke(studio: Studio) -> MainWindow:
    """The question before an agent is sent away."""
    _, view = agents(studio)
    view.agent_chosen.emit("coder")
    view.detail.revoke.click()
    return framed(Page.AGENTS, view, studio)


def agents_form(studio: Studio) -> MainWindow:
    """A name that cannot be one."""
    _, view = agents(studio)
    view.enrol.click()
    view.form.name_line.setText("night shift")
    view.form.enrol.click()
    return framed(Page.AGENTS, view, studio)


def credentials(studio: Studio) -> tuple[SpyBridge, CredentialsView]:
    """Return the credentials' page, filled."""
    bridge = SpyBridge()
    view = CredentialsView(studio.look)
    CredentialsPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        words=studio.look.words,
        parent=view,
    )
    bridge.setParent(view)
    bridge.tell(data.STATE)
    return bridge, view


def credentials_list(studio: Studio) -> MainWindow:
    """Names by server, and a value that waits for a person."""
    return framed(Page.CREDENTIALS, credentials(studio)[1], studio)


def credentials_set(studio: Studio) -> MainWindow:
    """A value typed and not shown."""
    _, view = credentials(studio)
    view.credential_chosen.emit(row_id("logistics", "logistics-prod"))
    view.detail.field.setText("k" * 40)
    return framed(Page.CREDENTIALS, view, studio)


def credentials_locked(studio: Studio) -> MainWindow:
    """A locked keychain, and a person who tries all the same."""
    bridge, view = credentials(studio)
    unknown = tuple(msgspec.structs.replace(c, stored=False) for c in data.CREDENTIALS)
    bridge.tell(
        StateChanged(health=HealthState(keychain="locked", recording=True), credentials=unknown)
    )
    view.credential_chosen.emit(row_id("notes", "notes-key"))
    view.detail.store.click()
    return framed(Page.CREDENTIALS, view, studio)


def credentials_empty(studio: Studio) -> MainWindow:
    """No server that uses one."""
    bridge, view = credentials(studio)
    bridge.tell(StateChanged(credentials=()))
    return framed(Page.CREDENTIALS, view, studio)


def settings(studio: Studio) -> tuple[SpyBridge, SettingsView]:
    """Return the settings' page, filled."""
    bridge = SpyBridge()
    view = SettingsView(studio.look)
    SettingsPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        view=view,
        in_force=SettingsInForce(bridge, StillAppearance(studio.theme, view), view),
        words=studio.look.words,
        parent=view,
    )
    bridge.setParent(view)
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(data.STATE)
    return bridge, view


class StillAppearance(AppearanceKeeper):
    """The gallery chooses the theme, not the settings in the picture."""

    def use(self, settings: WindowSettings) -> None:
        """Leave the theme alone."""


def settings_all(studio: Studio) -> MainWindow:
    """Everything, with two settings that are not as they come."""
    bridge, view = settings(studio)
    bridge.tell(StateChanged(settings={THEME: "dark", CAREFUL_DELAY: "3000"}))
    return framed(Page.SETTINGS, view, studio)


def settings_unrecorded(studio: Studio) -> MainWindow:
    """A disk that is full: every call is refused until it is not."""
    window, words = settings_all(studio), studio.look.words
    health = HealthState(
        keychain="ready", recording=False, fault="full", fault_since="2026-11-23T13:07:52.000Z"
    )
    window.health.tell(problem_of(health, words))
    window.show_top_bar(
        top_bar_view(
            words, stop=StopState(engaged=False), health=health, agents=(), waiting=2, oldest_ms=9
        )
    )
    return window


def settings_weakened(studio: Studio) -> MainWindow:
    """What was switched off and opened, with the way back."""
    bridge, view = settings(studio)
    off = ResultControls(secrets=False, schema=False)
    weak = data.server("orders", data.tool("list_orders", Tier.T0, controls=off))
    reach = (Reach(agent="qa", other="production"),)
    bridge.tell(StateChanged(servers=(weak,), reach=reach))
    view.search.line.setText("weaker")
    return framed(Page.SETTINGS, view, studio)


def settings_search(studio: Studio) -> MainWindow:
    """What a search leaves."""
    _, view = settings(studio)
    view.search.line.setText("allow arms")
    return framed(Page.SETTINGS, view, studio)


def settings_quit(studio: Studio) -> MainWindow:
    """The question before the end."""
    _, view = settings(studio)
    window = framed(Page.SETTINGS, view, studio)
    window.show()
    view.ask_quit()
    return window


def servers(
    studio: Studio,
    reviews: Sequence[ApprovalRequest] = (),
    more: tuple[ServerState, ...] = (),
) -> ServersView:
    """Return the servers' page, filled; with reviews, the list of new tools is open."""
    bridge, model = SpyBridge(), ServersModel()
    view = ServersView(studio.look, model, lambda: 0)
    verbs = read_verbs(Path(__file__).parents[2] / "resources" / "verbs.toml")
    presenter = ServersPresenter(
        bridge=bridge,
        sender=IntentSender(bridge, view),
        model=model,
        view=view,
        words=studio.look.words,
        cards=CardBuilder(studio.look.words, verbs),
        now=lambda: datetime(2026, 11, 23, 14, 8, tzinfo=UTC),
    )
    for owned in (bridge, model, presenter):
        owned.setParent(view)
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(msgspec.structs.replace(data.STATE, servers=(*more, *(data.STATE.servers or ()))))
    for request in reviews:
        bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
    if reviews:
        presenter.open_together(reviews[0].server)
    return view


def servers_batch(studio: Studio) -> MainWindow:
    """New tools of one server, to be pinned together."""
    reviews = (
        a_new_tool("read_note", "Reads the note of a customer."),
        a_new_tool("run_sql", "Runs a statement on the orders."),
        a_new_tool("send_mail", "Sends a mail.\u200b"),
    )
    return framed(Page.SERVERS, servers(studio, reviews, (a_server(),)), studio)


def servers_form(studio: Studio) -> MainWindow:
    """A command that was typed."""
    view = servers(studio)
    view.add.click()
    view.form.name.setText("notes")
    view.form.command.setText("npx -y @example/notes-server '/srv/my notes'")
    view.form.variables.setPlainText("MODE=demo\nTOKEN=keychain:notes")
    view.form.environment.setText("production")
    return framed(Page.SERVERS, view, studio)


def servers_results(studio: Studio) -> MainWindow:
    """What comes back from a tool, where it is chosen, before it is saved."""
    view = servers(studio)
    server = data.STATE.servers[0] if data.STATE.servers else None
    if server is not None:
        view.tree.tool_chosen.emit(server.name, server.tools[0].name)
        row = view.tool.controls.findChild(ChoiceRow, "control_hold_signs")
        if row is not None:
            row.click()
    return framed(Page.SERVERS, view, studio)


def servers_form_url(studio: Studio) -> MainWindow:
    """An address that was typed, with a header that cannot be one."""
    view = servers(studio)
    view.add.click()
    view.form.name.setText("notes")
    view.form.command.setText("https://notes.example/mcp")
    view.form.variables.setPlainText("not a header")
    return framed(Page.SERVERS, view, studio)


def attention(studio: Studio) -> MainWindow:
    """How a person decides who decides too quickly, and allows too much."""
    view = AttentionView(studio.look)
    page = AttentionBuilder(studio.look.words).page
    view.show_page(page(attention_data.CARELESS, attention_data.MIDNIGHTS))
    return framed(Page.ATTENTION, view, studio)


def attention_calm(studio: Studio) -> MainWindow:
    """The same page of a week without a warning."""
    view = AttentionView(studio.look)
    page = AttentionBuilder(studio.look.words).page
    view.show_page(page(attention_data.CALM, attention_data.MIDNIGHTS))
    return framed(Page.ATTENTION, view, studio)


Scene = Callable[[Studio], MainWindow]


SCENES: dict[str, Scene] = {
    "rules": rules_list,
    "rules-detail": rules_detail,
    "rules-remove": rules_remove,
    "rules-form": rules_form,
    "rules-limits": rules_limits,
    "rules-freeze": rules_freeze,
    "access": access_list,
    "access-detail": access_detail,
    "access-revoke": access_revoke,
    "agents-overdue": agents_overdue,
    "attention": attention,
    "attention-calm": attention_calm,
    "rules-empty": rules_empty,
    "rules-changed": rules_changed,
    "rules-proposed": rules_proposed,
    "rules-two-persons": rules_two_persons,
    "agents": agents_list,
    "agents-detail": agents_detail,
    "agents-paused": agents_paused,
    "agents-unproven": agents_unproven,
    "agents-revoke": agents_revoke,
    "agents-form": agents_form,
    "credentials": credentials_list,
    "credentials-set": credentials_set,
    "credentials-locked": credentials_locked,
    "credentials-empty": credentials_empty,
    "settings": settings_all,
    "settings-pin": settings_pin,
    "settings-unrecorded": settings_unrecorded,
    "settings-weakened": settings_weakened,
    "settings-search": settings_search,
    "settings-quit": settings_quit,
    "servers-batch": servers_batch,
    "servers-form": servers_form,
    "servers-form-url": servers_form_url,
    "servers-results": servers_results,
}
_NARROW = "attention rules-form agents settings servers-form first-steps-3 first-steps-4"
NARROW = tuple(_NARROW.split())


def draw_all(studio: Studio, only: str, scenes: Mapping[str, Scene] = SCENES) -> None:
    """Write pictures of every scene in each appearance, and narrow ones of some."""
    for name, scene in scenes.items():
        if only not in name:
            continue
        for appearance in Appearance:
            studio.theme.use(appearance, text_percent=100)
            studio.take(scene(studio), f"{name}-{appearance.name.lower()}")
        if name in NARROW:
            studio.theme.use(Appearance.LIGHT)
            window = scene(studio)
            window.resize(640, 700)
            studio.take(window, f"{name}-narrow")
