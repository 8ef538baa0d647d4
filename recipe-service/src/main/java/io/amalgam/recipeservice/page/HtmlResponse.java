package io.amalgam.recipeservice.page;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import jakarta.ws.rs.core.Response;

/** Responses with pages, and the headers that all of them have. */
final class HtmlResponse {

    private HtmlResponse() {
    }

    @CheckedTemplate(basePath = "pages")
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance missing(String sentence);
    }

    /** A page. */
    static Response page(TemplateInstance template) {
        return Response.ok(template)
                .header("Cache-Control", "no-cache")
                .build();
    }

    /**
     * The page of what does not exist.
     *
     * @param reason what was thrown when it was looked for, or null; thrown again if it means something else
     */
    static Response missing(RuntimeException reason, String sentence) {
        if (reason instanceof AmalgamException failure && failure.code() != ErrorCode.NOT_FOUND) {
            throw failure;
        }
        return Response.fromResponse(page(Templates.missing(sentence))).status(Response.Status.NOT_FOUND).build();
    }
}
