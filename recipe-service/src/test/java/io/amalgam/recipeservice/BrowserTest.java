package io.amalgam.recipeservice;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.Identifiers;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.ResourceArg;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * The pages in a real browser: sound, accessible, and live. Screenshots and figures lie in {@code target/browser}.
 */
@QuarkusTest
// A line of its own: what other tests leave would be on the pages.
@WithTestResource(value = LineResource.class,
        initArgs = @ResourceArg(name = LineResource.ONLY_FOR, value = "pages in a browser"))
@EnabledIf(value = "io.amalgam.recipeservice.Chromium#isHere", disabledReason = Chromium.REMEDY)
class BrowserTest {

    private static final Path FOLDER = Path.of("target", "browser");
    private static final int CHUNKS = 48;
    /** How long a page may take to show what it must, on a machine that does other things, too. */
    private static final double PATIENCE_MILLISECONDS = 60_000;
    /** Findings of axe that nobody may meet. */
    private static final String SERIOUS = """
            async () => {
              const result = await axe.run(document, {resultTypes: ['violations']});
              return result.violations.filter(one => ['serious', 'critical'].includes(one.impact))
                .map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary)
                  .join(' | '));
            }""";

    private static Playwright playwright;
    private static Browser browser;

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    private final List<String> complaints = new ArrayList<>();
    private ShownLine line;
    private BrowserContext context;
    private Page page;

    @BeforeEach
    void open() throws IOException {
        if (browser == null) {
            Files.createDirectories(FOLDER);
            PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLISECONDS);
            playwright = Chromium.playwright();
            browser = Chromium.launch(playwright);
            Http.ready(server);
            schema.ensure();
            new ProjectionSchema(database, true).ensure();
        }
        line = new ShownLine(database, projector, store);
        line.past();
        page = page(1400, 1000, ColorScheme.LIGHT);
    }

    @AfterEach
    void close() {
        context.close();
        assertEquals(List.of(), complaints, "the console is quiet");
    }

    @AfterAll
    static void stop() {
        if (playwright != null) {
            browser.close();
            playwright.close();
        }
    }

    @Test
    void everyPageIsSoundAndAccessibleInLightAndDarkAndOnAPhone() throws Exception {
        Event.MergeRequested running = line.running("shown-running", CHUNKS);
        for (int index = 0; index < CHUNKS / 2; index++) {
            line.apply(line.chunk(running, index, CHUNKS));
        }
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("merges", "/");
        pages.put("new-merge", "/new?method=ties");
        pages.put("merge", "/merges/" + running.merge());
        pages.put("failed-merge", "/merges/" + Identifiers.merge("shown-failed", 1));
        pages.put("leaderboard", "/leaderboard");
        pages.put("compare", "/compare?first=shown-arithmetic&second=" + Events.identity("navigation-expert"));
        pages.put("artifacts", "/artifacts");
        pages.put("artifact", "/artifacts/shown-ties");
        pages.put("lineage", "/lineage");
        pages.put("layers", "/layers/shown-ties");
        pages.put("workers", "/workers");
        pages.put("triggers", "/triggers");
        pages.put("dead-letters", "/dead-letters");
        pages.put("not-found", "/artifacts/none");
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            context.close();
            page = page(1400, 1000, scheme);
            for (Map.Entry<String, String> shown : pages.entrySet()) {
                go(shown.getValue());
                settle(shown.getKey());
                page.evaluate(axe());
                assertEquals(List.of(), page.evaluate(SERIOUS), shown.getKey() + " " + scheme);
                picture(shown.getKey() + "-" + scheme.name().toLowerCase(Locale.ROOT));
                if (scheme == ColorScheme.LIGHT) {
                    figure("first paint of " + shown.getKey(), page.evaluate(
                            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"), "ms");
                }
            }
        }
        context.close();
        page = page(390, 844, ColorScheme.LIGHT);
        for (Map.Entry<String, String> shown : pages.entrySet()) {
            go(shown.getValue());
            settle(shown.getKey());
            assertEquals(true, page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"),
                    shown.getKey() + " fits a phone");
            picture(shown.getKey() + "-phone");
        }
    }

    @Test
    void aRecipeIsCheckedWhileItIsTypedAndStartedWithoutAMouse() {
        go("/new");
        Locator verdict = page.locator("#verdict");
        page.locator("#template").selectOption("linear");
        assertThat(verdict).hasText("Ready to start.");
        assertThat(page.locator("#cost")).containsText("To read");
        assertThat(page.locator("#method-help")).containsText("weight");
        page.locator("#recipe").focus();
        page.keyboard().press("Control+Home");
        page.keyboard().type("merge_methd: linear");
        page.keyboard().press("Enter");
        assertThat(page.locator("#paint .row.error, #paint .row.warning").first()).containsText("merge_methd");
        assertThat(page.locator("#preflight .problem").first()).containsText("line 1");
        picture("preflight-error");
        for (int key = 0; key < "merge_methd: linear\n".length(); key++) {
            page.keyboard().press("Backspace");
        }
        assertThat(verdict).hasText("Ready to start.");
        assertThat(page.locator("#preflight .problem.error")).hasCount(0);
        page.locator("#name").fill("typed");
        page.locator("#recipe").focus();
        page.keyboard().press("Control+Enter");
        page.waitForURL(Pattern.compile(".*/merges/.*"));
        assertThat(page.locator("h1")).hasText("typed");
        assertThat(page.locator("#state")).hasText("requested");
        page.locator("#cancel").focus();
        page.keyboard().press("Enter");
        assertThat(page.locator("#events")).containsText("Cancellation asked for");
        page.locator("#again").click();
        page.waitForURL(Pattern.compile(".*/new\\?from=.*"));
        assertTrue(page.locator("#recipe").inputValue().contains("merge_method: linear"));
        assertThat(verdict).hasText("Ready to start.");
    }

    @Test
    void theStripOfChunksFillsAsTheyAreDone() {
        Event.MergeRequested merge = line.running("shown-live", CHUNKS);
        go("/merges/" + merge.merge());
        assertThat(page.locator("#strip i")).hasCount(CHUNKS);
        assertThat(page.locator("#strip i.completed")).hasCount(0);
        page.evaluate("() => { window.seen = new Map(); new MutationObserver(() => { const now = Date.now();"
                + " document.querySelectorAll('#strip i.completed').forEach((cell, place) => {"
                + " if (!window.seen.has(place)) window.seen.set(place, now); }); })"
                + ".observe(document.getElementById('strip'), {attributes: true, childList: true, subtree: true}); }");
        double slowest = 0;
        for (int index = 0; index < 12; index++) {
            Event.ChunkCompleted chunk = line.chunk(merge, index, CHUNKS);
            long start = System.currentTimeMillis();
            line.apply(chunk);
            assertThat(page.locator("#strip i.completed")).hasCount(index + 1);
            Number at = (Number) page.evaluate("place => window.seen.get(place)", index);
            slowest = Math.max(slowest, at.doubleValue() - start);
        }
        figure("chunk done until it is seen, at most", slowest, "ms");
        assertThat(page.locator("#count")).hasText("12 of " + CHUNKS);
        assertThat(page.locator("#workers tr")).hasCount(3);
        assertThat(page.locator("#events li").first()).containsText("Chunk 11");
        line.apply(new Event.MergeFailed(merge.merge(), merge.artifact(), "STORAGE_FULL", "no room for 480.0 MB",
                Instant.now()));
        assertThat(page.locator("#state")).hasText("failed");
        assertThat(page.locator("#failure")).containsText("no room");
        assertThat(page.locator("#retry")).isVisible();
        assertThat(page.locator("#cancel")).isHidden();
    }

    @Test
    void theLeaderboardSortsFiltersAndComparesQuestionByQuestion() {
        go("/leaderboard");
        Locator names = page.locator("#board tbody tr:not([hidden]) th");
        assertThat(names.first()).hasText("task-arithmetic");
        page.locator("#board thead button", new Page.LocatorOptions().setHasText("Average")).click();
        assertThat(page.locator("#board thead th[aria-sort=descending]")).hasText("Average");
        page.locator("#board thead button", new Page.LocatorOptions().setHasText("Model")).click();
        assertThat(names.first()).hasText("base");
        page.locator("#filter").fill("expert");
        assertThat(names).hasCount(3);
        page.locator("#filter").fill("");
        page.locator("[data-role=parent].chip").click();
        assertThat(names).hasCount(4);
        page.getByLabel("Compare task-arithmetic").check();
        page.getByLabel("Compare ties").check();
        page.locator("#compare").click();
        page.waitForURL(Pattern.compile(".*/compare\\?.*"));
        assertThat(page.locator("main")).containsText("task-arithmetic less ties");
        Locator question = page.locator("details.question").first();
        question.locator("summary").focus();
        page.keyboard().press("Enter");
        assertThat(question.locator("pre")).containsText("Do you return to the starting point?");
        picture("compare-question");
    }

    @Test
    void theThemeIsKept() {
        go("/");
        Locator button = page.locator("#theme");
        assertThat(button).hasText("Theme: automatic");
        button.click();
        button.click();
        assertThat(button).hasText("Theme: dark");
        go("/leaderboard");
        assertThat(page.locator("html[data-theme=dark]")).hasCount(1);
        assertThat(page.locator("#theme")).hasText("Theme: dark");
    }

    @Test
    void aTriggerIsMadeFiredAndRemovedOnItsPage() {
        go("/triggers");
        page.locator("#new-trigger").click();
        page.locator("#trigger-name").fill("made in a browser");
        page.locator("#trigger-recipe").fill(Recipes.linear(0.777));
        page.locator("#trigger-type").selectOption("schedule");
        page.locator("#trigger-detail").fill("every night");
        page.locator("#trigger-form button[type=submit]").click();
        assertThat(page.locator("#trigger-refusal")).containsText("cron");
        page.locator("#trigger-detail").fill("0 3 * * *");
        page.locator("#trigger-form button[type=submit]").click();
        Locator trigger = page.locator("section.trigger", new Page.LocatorOptions().setHasText("made in a browser"));
        assertThat(trigger).containsText("at 0 3 * * *");
        trigger.locator("[data-act=fire]").click();
        assertThat(trigger).containsText("asked for");
        picture("trigger-fired");
        trigger.locator("[data-act=delete]").click();
        assertThat(trigger).hasCount(0);
    }

    private Page page(int width, int height, ColorScheme scheme) {
        context = browser.newContext(new Browser.NewContextOptions()
                .setViewportSize(width, height).setColorScheme(scheme));
        context.setDefaultTimeout(PATIENCE_MILLISECONDS);
        Page opened = context.newPage();
        opened.onConsoleMessage(message -> {
            // What does not exist and what is refused is answered with such a status, and the console tells of it.
            if (message.type().equals("error") && !message.text().matches("(?s).*status of (400|404).*")) {
                complaints.add(opened.url() + ": " + message.text());
            }
        });
        opened.onPageError(error -> complaints.add(opened.url() + ": " + error));
        return opened;
    }

    private void go(String path) {
        page.navigate(server.resolve(path).toString());
    }

    /** Waits for what a page fetches by itself, so that it is judged as people see it. */
    private void settle(String name) {
        if (name.equals("new-merge")) {
            assertThat(page.locator("#verdict")).hasText("Ready to start.");
        }
    }

    private void picture(String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(FOLDER.resolve(name + ".png")));
    }

    private static void figure(String what, Object value, String unit) {
        String text = what + ": " + Math.round(((Number) value).doubleValue()) + " " + unit;
        System.out.println("[browser] " + text);
        try {
            Files.writeString(FOLDER.resolve("figures.txt"), text + System.lineSeparator(),
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String axe() throws IOException {
        try (InputStream script = BrowserTest.class.getResourceAsStream("/axe.min.js")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
