import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * HL7's own validator over the JSON files of a folder: R4 core definitions, no network, no terminology server.
 *
 * <p>{@code Validate FOLDER [--warnings] [--profiles FOLDER]}: each error (and warning) is one line, {@code severity TAB file TAB place TAB text}; the
 * exit status is 1 if anything is an error or there is no file. Code systems that HL7 does not know (our own, national ones) are
 * warnings; the advice to have a narrative (dom-6) is left out.
 */
@SuppressWarnings("deprecation")
public final class Validate {

  /** Said of the definition of every extension: to judge its context it wants a package server, and there is none. */
  private static final String NO_PACKAGES = "Unable to resolve package id hl7.fhir.r4.core";

  private Validate() {}

  public static void main(String[] arguments) throws IOException {
    FhirContext context = FhirContext.forR4();
    List<String> given = List.of(arguments);
    PrePopulatedValidationSupport profiles = new PrePopulatedValidationSupport(context);
    if (given.contains("--profiles")) {
      for (Path file : files(Path.of(given.get(given.indexOf("--profiles") + 1)))) {
        profiles.addResource(context.newJsonParser().parseResource(Files.readString(file)));
      }
    }
    FhirValidator validator = validator(context, profiles);
    boolean all = given.contains("--warnings");
    Map<ResultSeverityEnum, Integer> counts = new EnumMap<>(ResultSeverityEnum.class);
    List<Path> files = files(Path.of(arguments[0]));
    for (Path file : files) {
      for (SingleValidationMessage message : messages(validator, file)) {
        if (message.getMessage().contains(NO_PACKAGES)) {
          continue;
        }
        counts.merge(message.getSeverity(), 1, Integer::sum);
        if (message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0
            || (all && message.getSeverity() == ResultSeverityEnum.WARNING)) {
          System.out.printf(
              "%s\t%s\t%s\t%s%n",
              message.getSeverity().getCode(),
              file.getFileName(),
              message.getLocationString(),
              message.getMessage().replaceAll("\\s+", " "));
        }
      }
    }
    System.out.printf("%d files: %s%n", files.size(), counts);
    boolean failed =
        files.isEmpty() || counts.containsKey(ResultSeverityEnum.ERROR) || counts.containsKey(ResultSeverityEnum.FATAL);
    System.exit(failed ? 1 : 0);
  }

  /** What it says of a file; what it cannot read at all is an error too. */
  private static List<SingleValidationMessage> messages(FhirValidator validator, Path file) throws IOException {
    try {
      return validator.validateWithResult(Files.readString(file)).getMessages();
    } catch (RuntimeException | Error unreadable) { // it throws a plain Error for some StructureDefinitions
      SingleValidationMessage message = new SingleValidationMessage();
      message.setSeverity(ResultSeverityEnum.FATAL);
      message.setLocationString("");
      message.setMessage(String.valueOf(unreadable.getMessage()));
      return List.of(message);
    }
  }

  private static FhirValidator validator(FhirContext context, PrePopulatedValidationSupport profiles) {
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING);
    FhirInstanceValidator checks =
        new FhirInstanceValidator(
            new ValidationSupportChain(
                new DefaultProfileValidationSupport(context),
                profiles,
                new Languages(context),
                new InMemoryTerminologyServerValidationSupport(context),
                unknown));
    checks.setAnyExtensionsAllowed(true);
    checks.setErrorForUnknownProfiles(false);
    checks.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    return context.newValidator().registerValidatorModule(checks);
  }

  /**
   * R4 binds a language as "preferred, but limited to all languages" (BCP 47). Offline the preferred list alone is judged, as if it
   * were required, so that Norwegian bokm\u00e5l would be an error.
   */
  private static final class Languages extends CommonCodeSystemsTerminologyService {
    private static final String PREFERRED = "http://hl7.org/fhir/ValueSet/languages";
    private static final String ALL = "http://hl7.org/fhir/ValueSet/all-languages";
    private static final String BCP_47 = "urn:ietf:bcp:47";

    Languages(FhirContext context) {
      super(context);
    }

    @Override
    public CodeValidationResult validateCode(
        ValidationSupportContext context,
        ConceptValidationOptions options,
        String system,
        String code,
        String display,
        String valueSet) {
      if (!PREFERRED.equals(valueSet)) {
        return super.validateCode(context, options, system, code, display, valueSet);
      }
      boolean elsewhere = system != null && !system.equals(BCP_47);
      return elsewhere ? new CodeValidationResult().setCode(code) : super.validateCode(context, options, system, code, display, ALL);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.filter(f -> f.toString().endsWith(".json")).sorted(Comparator.naturalOrder()).toList();
    }
  }
}
