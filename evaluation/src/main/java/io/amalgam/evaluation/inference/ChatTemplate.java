package io.amalgam.evaluation.inference;

import java.util.List;

/** Turns a conversation into the text that a chat model was trained on. */
public interface ChatTemplate {

    /**
     * Renders a conversation, with the beginning of the assistant's next turn at its end.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code TOKENIZER_INVALID} if the template fails or exceeds
     *     its limits
     */
    String render(List<ChatMessage> messages);

    /** The template's source text. */
    String source();
}
