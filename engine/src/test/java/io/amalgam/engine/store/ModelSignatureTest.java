package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.Optional;
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
