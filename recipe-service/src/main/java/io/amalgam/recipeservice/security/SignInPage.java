package io.amalgam.recipeservice.security;

import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.Blocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;

/**
 * Where a browser gets its token: a person pastes it once, and it is kept in a cookie that no script reads and no other
 * site's page sends. Whether it is right, the next page says.
 */
@Path(SignInPage.PATH)
@PermitAll
@Blocking
@Produces(MediaType.TEXT_HTML)
public class SignInPage {

    /** Where it is. */
    static final String PATH = "/sign-in";

    private static final Pattern OWN_PLACE = Pattern.compile("/(?:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)?");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]{1,8000}");

    /** The templates of this page. */
    @CheckedTemplate(basePath = "pages")
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance signIn(String back, boolean wrong);
    }

    /** Asks for the token. */
    @GET
    @Operation(hidden = true)
    public TemplateInstance ask(@QueryParam("back") @DefaultValue("/") String back) {
        return Templates.signIn(place(back), false);
    }

    /** Keeps the token and goes on. */
    @POST
    @Unaudited
    @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
    @Operation(hidden = true)
    public Response keep(
            @FormParam("token") @DefaultValue("") String token, @FormParam("back") @DefaultValue("/") String back,
            RoutingContext routing) {
        String stripped = token.strip();
        if (!TOKEN.matcher(stripped).matches()) {
            return Response.status(Response.Status.BAD_REQUEST).entity(Templates.signIn(place(back), true)).build();
        }
        return Response.seeOther(URI.create(place(back))).cookie(cookie(stripped, routing)).build();
    }

    /** Forgets the token. */
    @POST
    @Path("/out")
    @Unaudited
    @Operation(hidden = true)
    public Response forget(RoutingContext routing) {
        NewCookie gone = new NewCookie.Builder(cookie("", routing)).maxAge(0).build();
        return Response.seeOther(URI.create(PATH)).cookie(gone).build();
    }

    private static NewCookie cookie(String token, RoutingContext routing) {
        return new NewCookie.Builder(AccessMechanism.COOKIE)
                .value(token)
                .path("/")
                .httpOnly(true)
                .secure(routing.request().isSSL())
                .sameSite(NewCookie.SameSite.STRICT)
                .build();
    }

    /** A place of this service, whatever somebody has written into a link. */
    private static String place(String back) {
        return OWN_PLACE.matcher(back).matches() ? back : "/";
    }
}
