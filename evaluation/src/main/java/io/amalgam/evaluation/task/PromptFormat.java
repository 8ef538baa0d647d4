package io.amalgam.evaluation.task;

import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.inference.ChatTemplate;
import java.util.Objects;

/**
 * How prompts become text: plainly, or through a model's chat template.
 *
 * <p>With a chat template the delimiter between question and answer becomes empty, as lm-evaluation-harness has it: the
 * generation prompt of the template stands where the delimiter stood.
 */
public sealed interface PromptFormat {

    /** Returns the text that a model sees before it answers. */
    String context(Prompt prompt);

    /** Returns what is put before a choice to make the continuation that is scored. */
    String targetDelimiter(Prompt prompt);

    /** Returns a text that differs wherever two formats give different prompts; part of a result's cache key. */
    String identity();

    /** The format of models without a chat template. */
    static PromptFormat plain() {
        return new Plain();
    }

    /**
     * The format of chat models ({@code --apply_chat_template}).
     *
     * @param template the model's template
     * @param multiturn whether shots are turns of their own ({@code --fewshot_as_multiturn})
     */
    static PromptFormat chat(ChatTemplate template, boolean multiturn) {
        return new Chat(template, multiturn);
    }

    /** Description, shots and question joined as plain text. */
    record Plain() implements PromptFormat {
        @Override
        public String context(Prompt prompt) {
            return prompt.plainText();
        }

        @Override
        public String targetDelimiter(Prompt prompt) {
            return prompt.targetDelimiter();
        }

        @Override
        public String identity() {
            return "plain";
        }
    }

    /** A conversation rendered by a template. */
    record Chat(ChatTemplate template, boolean multiturn) implements PromptFormat {
        /** Checks that there is a template. */
        public Chat {
            Objects.requireNonNull(template, "template");
        }

        @Override
        public String context(Prompt prompt) {
            return template.render(prompt.messages(multiturn));
        }

        @Override
        public String targetDelimiter(Prompt prompt) {
            return "";
        }

        @Override
        public String identity() {
            return (multiturn ? "chat-multiturn:" : "chat:") + Digests.sha256(template.source());
        }
    }
}
