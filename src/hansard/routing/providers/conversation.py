"""A request as one text, for whoever reads no messages: a program on its standard input, a person."""

from __future__ import annotations

from hansard.routing.providers.protocol import ProviderFault, Request
from hansard.routing.providers.structured import in_words


def as_text(request: Request) -> str:
    """All messages in their order, and the wish for a schema.

    Raises:
        ProviderFault: ``rejected``, where a file is attached that is no text.
    """
    files = [each.name for message in request.messages for each in message.attachments if each.modality != "text"]
    if files:
        raise ProviderFault("rejected", f"only text can be handed over, and {len(files)} attached files are none")
    spoken = [message for message in request.messages if message.role != "system"]
    parts = [message.text for message in request.messages if message.role == "system"]
    if len(spoken) == 1:
        parts.append(spoken[0].text)
    else:
        parts += [f"{'You' if message.role == 'assistant' else 'User'}: {message.text}" for message in spoken]
    if request.schema is not None:
        parts.append(in_words(request.schema))
    return "\n\n".join(parts) + "\n"
