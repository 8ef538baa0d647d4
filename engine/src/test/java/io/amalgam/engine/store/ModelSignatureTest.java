package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Artifacts are signed in a form that OpenSSF's own tool verifies, and what was changed afterwards is found. */
class ModelSignatureTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private KeyPair key(String curve) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        KeyPair pair = generator.generateKeyPair();
        Files.writeString(folder.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pair.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n");
        return pair;
    }

    private Path signedArtifact() throws IOException {
        FileSystemStore store = new FileSystemStore(
                folder.resolve("store"), false, Optional.of(ModelSignature.withKey(folder.resolve("key.pem"))));
        SmallMerge merge = new SmallMerge("artifact-1", 2);
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        store.openArtifactFile("artifact-1", ArtifactSigner.FILE).close();
        return folder.resolve("store/artifacts/artifact-1");
    }

    @ParameterizedTest
    @CsvSource({"secp256r1, SHA256withECDSA", "secp384r1, SHA384withECDSA", "secp521r1, SHA512withECDSA"})
    void theEnvelopeIsSignedAndListsEveryFileWithItsDigest(String curve, String algorithm) throws Exception {
        KeyPair pair = key(curve);
        Path artifact = signedArtifact();
        JsonNode bundle = JSON.readTree(artifact.resolve("model.sig").toFile());
        byte[] payload = Base64.getDecoder().decode(bundle.at("/dsseEnvelope/payload").asText());
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        signed.writeBytes(("DSSEv1 28 application/vnd.in-toto+json " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
        signed.writeBytes(payload);
        Signature verifier = Signature.getInstance(algorithm);
        verifier.initVerify(pair.getPublic());
        verifier.update(signed.toByteArray());
        assertTrue(verifier.verify(Base64.getDecoder().decode(bundle.at("/dsseEnvelope/signatures/0/sig").asText())));

        JsonNode statement = JSON.readTree(payload);
        MessageDigest root = MessageDigest.getInstance("SHA-256");
        int files = 0;
        for (JsonNode resource : statement.at("/predicate/resources")) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(
                    Files.readAllBytes(artifact.resolve(resource.path("name").asText())));
            assertEquals(HexFormat.of().formatHex(digest), resource.path("digest").asText());
            root.update(digest);
            files++;
        }
        assertEquals(HexFormat.of().formatHex(root.digest()), statement.at("/subject/0/digest/sha256").asText());
        try (Stream<Path> all = Files.list(artifact)) {
            assertEquals(all.count() - 1, files, "all files but the signature itself");
        }
        assertEquals("-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n", ModelSignature.publicKeyPem(folder.resolve("key.pem")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
    void aSignatureIsOfItsKeyAndOfExactlyItsFiles(String curve) throws Exception {
        key(curve);
        Path artifact = signedArtifact();
        Path publicKey = Files.writeString(
                folder.resolve("public.pem"), ModelSignature.publicKeyPem(folder.resolve("key.pem")));
        byte[] bundle = Files.readAllBytes(artifact.resolve(ArtifactSigner.FILE));
        Map<String, String> digests = new TreeMap<>();
        try (Stream<Path> all = Files.list(artifact)) {
            for (Path file : all.filter(each -> !each.endsWith(ArtifactSigner.FILE)).toList()) {
                digests.put(file.getFileName().toString(), HexFormat.of().formatHex(
                        MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
            }
        }
        ModelSignature.verify(bundle, publicKey, digests);

        Map<String, String> changed = new TreeMap<>(digests);
        changed.put("config.json", "0".repeat(64));
        assertRefused(bundle, publicKey, changed, "config.json");
        Map<String, String> more = new TreeMap<>(digests);
        more.put("added.safetensors", "0".repeat(64));
        assertRefused(bundle, publicKey, more, "added.safetensors");
        Map<String, String> fewer = new TreeMap<>(digests);
        fewer.remove("config.json");
        assertRefused(bundle, publicKey, fewer, "further files: config.json");
        ObjectNode forged = (ObjectNode) JSON.readTree(bundle);
        ObjectNode envelope = (ObjectNode) forged.path("dsseEnvelope");
        envelope.put("payload", Base64.getEncoder().encodeToString(
                new String(Base64.getDecoder().decode(envelope.path("payload").asText()), StandardCharsets.UTF_8)
                        .replace(digests.get("config.json"), "0".repeat(64)).getBytes(StandardCharsets.UTF_8)));
        assertRefused(JSON.writeValueAsBytes(forged), publicKey, changed, "not made with the key");
        assertRefused("{}".getBytes(StandardCharsets.UTF_8), publicKey, digests, "");
        assertRefused("no JSON".getBytes(StandardCharsets.UTF_8), publicKey, digests, "cannot be read");
        key(curve);
        Path another = Files.writeString(
                folder.resolve("another.pem"), ModelSignature.publicKeyPem(folder.resolve("key.pem")));
        assertRefused(bundle, another, digests, "not made with the key");
        assertEquals(ErrorCode.ARGUMENT_INVALID, assertThrows(AmalgamException.class,
                () -> ModelSignature.verify(bundle, folder.resolve("key.pem"), digests)).code(), "a private key is none");
    }

    private static void assertRefused(byte[] bundle, Path publicKey, Map<String, String> digests, String why) {
        AmalgamException refusal =
                assertThrows(AmalgamException.class, () -> ModelSignature.verify(bundle, publicKey, digests));
        assertEquals(ErrorCode.SIGNATURE_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains(why), refusal.getMessage());
    }

    @Test
    void theirOwnToolVerifiesAnArtifactAndFindsWhatWasChanged() throws Exception {
        Optional<Path> tool = tool();
        Assumptions.assumeTrue(tool.isPresent(),
                "model_signing is not on the PATH: ./amalgam test signing installs it where Python is");
        key("secp256r1");
        Path artifact = signedArtifact();
        Files.writeString(folder.resolve("public.pem"), ModelSignature.publicKeyPem(folder.resolve("key.pem")));
        assertEquals(0, verify(tool.get(), artifact), Files.readString(folder.resolve("verify.log")));

        Files.writeString(artifact.resolve("config.json"), "{\"changed\": true}");
        assertTrue(verify(tool.get(), artifact) != 0, Files.readString(folder.resolve("verify.log")));
    }

    private int verify(Path tool, Path artifact) throws Exception {
        return new ProcessBuilder(tool.toString(), "verify", "key", artifact.toString(),
                "--signature", artifact.resolve("model.sig").toString(), "--public_key", folder.resolve("public.pem").toString())
                .redirectErrorStream(true).redirectOutput(folder.resolve("verify.log").toFile()).start().waitFor();
    }

    private static Optional<Path> tool() {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).map(Path::of),
                        Stream.of(Path.of("..", ".amalgam", "tools", "python", "bin")))
                .map(path -> path.resolve("model_signing"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    void anotherFileIsNoKeyAndItsContentIsNotTold(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("no-key"), content);
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> ModelSignature.withKey(file));
        assertEquals(ErrorCode.ARGUMENT_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("openssl"), refusal.getMessage());
        assertTrue(!refusal.getMessage().contains("AAAA"), refusal.getMessage());
    }
}
