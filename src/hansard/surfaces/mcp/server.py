"""The server: the table of operations as tools, resources and prompts of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from hansard import __version__
from hansard.dialogue.model import VERDICT_TYPES
from hansard.kernel.errors import HansardError
from hansard.surfaces.mcp import errors, prompts, resources, results

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from hansard.kernel.operations import Caller, Operation
    from hansard.surfaces.mcp.tools import Offer
    from hansard.surfaces.running import Runner

    Context = ServerRequestContext[Any, Any]

RECENT: Final = 20
"""So many dialogues have their resources listed, the newest first; templates reach the others."""

COMPLETIONS: Final = 100
"""The protocol's own limit."""

UNCHANGED: Final = CacheHint(ttl_ms=3_600_000, scope="private")
"""Lists that stay what they are while a server runs, for a caller."""


@dataclass(frozen=True)
class Door:
    """The handlers of the protocol's requests."""

    runner: Runner
    offer: Callable[[Context], Offer]
    """Which tools a request is offered."""
    caller: Callable[[Context], Caller]
    """Who sent a request."""

    def server(self, offer: Offer | None = None) -> Server[Any]:
        """A server for any number of connections, whose instructions call the tools as ``offer`` does, where all
        connections are offered the same."""
        return Server(
            "hansard",
            version=__version__,
            title="Hansard",
            description="The official record of AI deliberation",
            instructions=prompts.instructions(offer.name, offer.sets) if offer else prompts.INSTRUCTIONS,
            cache_hints={"tools/list": UNCHANGED, "resources/templates/list": UNCHANGED, "prompts/list": UNCHANGED},
            get_tool_input_schema=lambda _: None,  # no header repeats an argument; else each call would list all tools
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_resource_templates,
            on_read_resource=self.read_resource,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
            on_completion=self.complete,
        )

    # -- tools ---------------------------------------------------------------------------------------------------------

    async def list_tools(self, context: Context, _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """Every tool that the caller may use, in one page."""
        offer, caller = self.offer(context), self.caller(context)
        await self.runner.load(offer.sets)
        return types.ListToolsResult(tools=offer.tools(caller.scope))

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """An operation's answer, or its error as a result that the model reads."""
        await self.runner.load()
        offer, caller = self.offer(context), self.caller(context)

        async def watch(done: int, total: int | None, what: str) -> None:
            await context.session.report_progress(done, total, what)

        try:
            operation = offer.find(params.name, caller.scope)
            answer = await self.runner.run(operation, params.arguments or {}, caller, watch=watch, called=params.name)
            data = offer.told(operation, results.plain(answer), caller.scope)
            text = results.text_of(data)
            mark = operation.mark
            if offer.answer_limit and len(text) > offer.answer_limit and (mark.shorter or not mark.writes):
                raise errors.answer_too_large(params.name, len(text), offer.answer_limit, mark.shorter)
        except HansardError as fault:
            return results.refused(offer.error(fault, caller.scope))
        return results.given(data, text)

    # -- resources -----------------------------------------------------------------------------------------------------

    async def list_resources(
        self, context: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """The documents of the newest dialogues."""
        found = await self._documents(context)
        listed: list[types.Resource] = []
        for document in found:
            if document.parameters != ["dialogue_id"]:
                continue
            for dialogue_id in (await self._values(context, document, "dialogue_id"))[:RECENT]:
                listed.append(
                    types.Resource(
                        name=f"{dialogue_id}: {document.template.rpartition('/')[2]}",
                        uri=document.address({"dialogue_id": dialogue_id}),
                        mime_type=document.media_type,
                    )
                )
        return types.ListResourcesResult(resources=listed)

    async def list_resource_templates(
        self, context: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Every kind of document."""
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    name=document.operation.name,
                    title=document.operation.title,
                    uri_template=document.template,
                    description=document.operation.summary,
                    mime_type=document.media_type,
                )
                for document in await self._documents(context)
            ]
        )

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """One document."""
        try:
            document, request = resources.meant(params.uri, await self._documents(context))
            answer = await self.runner.run(document.operation, request, self.caller(context))
        except HansardError as fault:
            raise self._protocol_error(context, fault) from None
        contents = types.TextResourceContents(
            uri=params.uri, mime_type=document.media_type, text=resources.text(answer)
        )
        return types.ReadResourceResult(contents=[contents])

    # -- prompts -------------------------------------------------------------------------------------------------------

    async def list_prompts(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """Every prompt."""
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=prompt.name,
                    title=prompt.title,
                    description=prompt.description,
                    arguments=[
                        types.PromptArgument(name=name, description=said, required=name in prompt.required)
                        for name, said in prompt.arguments.items()
                    ],
                )
                for prompt in prompts.PROMPTS
            ]
        )

    async def get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """One prompt with its arguments filled in."""
        await self.runner.load()
        offer, caller = self.offer(context), self.caller(context)
        try:
            prompt = prompts.find(params.name)
            given = prompt.checked(params.arguments or {})
            if "dialogue_id" in given:
                looked = self.runner.table["dialogue_progress"]
                found: Any = await self.runner.run(looked, {"dialogue_id": given["dialogue_id"]}, caller)
                given |= {"dialogue_id": found.dialogue_id, "status": found.status}
            said = prompt.write(given, lambda name: offer.called(name, caller.scope))
        except HansardError as fault:
            raise self._protocol_error(context, fault) from None
        message = types.PromptMessage(role="user", content=types.TextContent(text=said))
        return types.GetPromptResult(description=prompt.description, messages=[message])

    # -- completion ----------------------------------------------------------------------------------------------------

    async def complete(self, context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Ids that begin as far as somebody has typed."""
        name = params.argument.name
        found: list[str] = []
        if isinstance(params.ref, types.PromptReference):
            prompt = next((one for one in prompts.PROMPTS if one.name == params.ref.name), None)
            if prompt is None or name not in prompt.arguments:
                return types.CompleteResult(completion=types.Completion(values=[]))
            found = list(VERDICT_TYPES) if name == prompts.VERDICT_TYPE else []
        for document in await self._documents(context):
            if found:
                break
            asked = params.ref
            if isinstance(asked, types.PromptReference) or asked.uri == document.template:
                found = await self._values(context, document, name) if name in document.parameters else []
        fitting = [value for value in found if value.startswith(params.argument.value)]
        return types.CompleteResult(
            completion=types.Completion(
                values=fitting[:COMPLETIONS], total=len(fitting), has_more=len(fitting) > COMPLETIONS
            )
        )

    # -- within --------------------------------------------------------------------------------------------------------

    def _protocol_error(self, context: Context, fault: HansardError) -> MCPError:
        """An error where the protocol has no place for one but its own."""
        told = self.offer(context).error(fault, self.caller(context).scope)
        code = types.INTERNAL_ERROR if fault.kind in ("unavailable", "corrupt") else types.INVALID_PARAMS
        return MCPError(code=code, message=str(told), data=told.as_dict())

    async def _documents(self, context: Context) -> list[resources.Document]:
        await self.runner.load()
        return resources.documents(self.runner.table, self.caller(context).scope)

    async def _values(self, context: Context, document: resources.Document, parameter: str) -> list[str]:
        """What a name of a template can stand for; nothing where no operation lists it, or where there is no store."""
        lists: Operation | None = resources.collection(self.runner.table, document, parameter)
        caller = self.caller(context)
        if lists is None or not lists.open_to(caller.scope):
            return []
        try:
            return resources.values(await self.runner.run(lists, {}, caller), parameter)
        except HansardError:
            return []
