<?xml version="1.0" encoding="UTF-8"?>
<!--
  erepo's own stylesheet for Polish PIK HL7 CDA documents, versions 1.0 to 1.3.2 and later.

  XSLT 1.0, in one piece: it reads no other file and runs nothing. Elements of the Polish extension are found
  by their local names, because their namespace changes with the version (…/extPL/r1, r2, r3).
  What is shown of the body is the narrative (section/text), which is what the author signed for people to
  read; coded entries are not shown again. Links become text; pictures are shown where they lie inside the
  document as PNG, JPEG or GIF; everything else inside it is named as an attachment.
-->
<xsl:stylesheet version="1.0"
    xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:h="urn:hl7-org:v3"
    xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
    exclude-result-prefixes="h ds">
  <xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat" indent="no"/>
  <xsl:strip-space elements="h:table h:thead h:tbody h:tfoot h:tr h:list"/>
  <xsl:key name="media" match="h:observationMedia" use="@ID"/>
  <xsl:key name="shown" match="h:renderMultiMedia" use="@referencedObject"/>

  <!-- Characters of base64 in the largest picture shown: 16 MiB. -->
  <xsl:variable name="picture" select="22369624"/>
  <xsl:variable name="root" select="'2.16.840.1.113883.3.4424'"/>
  <xsl:variable name="capitals" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZĄĆĘŁŃÓŚŹŻ'"/>
  <xsl:variable name="small" select="'abcdefghijklmnopqrstuvwxyząćęłńóśźż'"/>
  <xsl:variable name="document" select="/h:ClinicalDocument"/>
  <xsl:variable name="title">
    <xsl:choose>
      <xsl:when test="normalize-space($document/h:title)"><xsl:value-of select="normalize-space($document/h:title)"/></xsl:when>
      <xsl:when test="$document/h:code/h:translation/@displayName"><xsl:value-of select="$document/h:code/h:translation/@displayName"/></xsl:when>
      <xsl:otherwise>Dokument medyczny</xsl:otherwise>
    </xsl:choose>
  </xsl:variable>

  <xsl:template match="/">
    <html lang="pl">
      <head>
        <meta charset="utf-8"/>
        <!-- A number is never broken in two: tables grow wide rather than break words. -->
        <title><xsl:value-of select="$title"/></title>
        <style>
body { margin: 0; background: #eef1f4; color: #1b2733; font: 15px/1.5 "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
main { box-sizing: border-box; max-width: 62em; margin: 1.5em auto; padding: 2.2em 2.6em 1.6em; background: #fff; border: 1px solid #d5dce3; border-radius: 6px; }
h1 { margin: 0; font-size: 1.65em; line-height: 1.25; font-weight: 650; }
h2 { margin: 1.7em 0 .5em; padding-bottom: .25em; border-bottom: 2px solid #1f6f8b; font-size: 1.12em; color: #12495c; break-after: avoid; page-break-after: avoid; }
h3, h4, h5 { margin: 1.2em 0 .4em; font-size: 1em; color: #12495c; break-after: avoid; page-break-after: avoid; }
.kind { margin: 0 0 .2em; color: #52616f; font-size: .92em; }
.summary { margin: .45em 0 1.3em; color: #33424f; }
.summary span { display: inline-block; margin-right: 1.6em; }
.summary b { font-weight: 600; }
.notice { margin: 0 0 1em; padding: .6em .9em; border-left: 4px solid #b26a00; background: #fff6e5; }
.cards { display: flex; flex-wrap: wrap; gap: 1em; margin: 0 0 .5em; }
.card { flex: 1 1 17em; box-sizing: border-box; padding: .75em 1em .8em; border: 1px solid #d5dce3; border-radius: 5px; background: #f8fafb; break-inside: avoid; page-break-inside: avoid; }
.label { margin: 0 0 .2em; color: #52616f; font-size: .78em; font-weight: 600; letter-spacing: .05em; text-transform: uppercase; }
.name { margin: 0; font-size: 1.1em; font-weight: 650; }
.card p { margin: .1em 0; }
.muted { color: #52616f; font-size: .92em; }
.text { overflow-wrap: break-word; overflow-x: auto; }
.text p { margin: .45em 0; }
.text .caption, .text caption { font-weight: 600; }
.text caption { text-align: left; padding: 0 0 .3em; }
table { border-collapse: collapse; margin: .6em 0 .8em; width: 100%; }
thead { display: table-header-group; }
tr { break-inside: avoid; page-break-inside: avoid; }
th, td { padding: .38em .6em; border: 1px solid #c9d2da; text-align: left; vertical-align: top; }
th { background: #eef4f7; font-weight: 600; }
td.right, th.right { text-align: right; }
td.center, th.center { text-align: center; }
ul, ol { margin: .4em 0 .6em; padding-left: 1.7em; }
li { margin: .15em 0; }
ol.little-roman { list-style-type: lower-roman; } ol.big-roman { list-style-type: upper-roman; }
ol.little-alpha { list-style-type: lower-alpha; } ol.big-alpha { list-style-type: upper-alpha; }
ul.circle { list-style-type: circle; } ul.square { list-style-type: square; } ul.plain { list-style-type: none; padding-left: 0; }
.bold { font-weight: 650; } .italic { font-style: italic; } .underline { text-decoration: underline; }
.address { color: #52616f; font-size: .92em; }
del { color: #8a1c1c; } ins { color: #14603a; }
figure { margin: .8em 0; } figure img { max-width: 100%; height: auto; border: 1px solid #d5dce3; }
figcaption { color: #52616f; font-size: .92em; }
.attachment { margin: .7em 0; padding: .6em .9em; border: 1px dashed #7b93a3; border-radius: 5px; background: #f8fafb; break-inside: avoid; }
.attachment p { margin: 0; }
pre { white-space: pre-wrap; font: inherit; }
.footnotes { margin-top: .8em; padding-top: .4em; border-top: 1px solid #d5dce3; font-size: .88em; }
footer { margin-top: 2em; padding-top: .9em; border-top: 2px solid #d5dce3; font-size: .9em; }
dl { display: grid; grid-template-columns: 11.5em 1fr; gap: .25em 1em; margin: 0; }
.context { margin: 1em 0 1.2em; } footer dl { grid-template-columns: 12.5em 1fr; }
dt { color: #52616f; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 42em) { main { margin: 0; padding: 1.2em; border: 0; border-radius: 0; } dl, footer dl { grid-template-columns: 1fr; } dd { margin-bottom: .4em; } }
@page { size: A4; margin: 16mm 15mm; }
@media print { .text { overflow-x: visible; } body { background: #fff; font-size: 9.5pt; line-height: 1.4; } .cards { gap: .6em; } .card { flex-basis: 11em; padding: .5em .7em; } h2 { margin-top: 1.1em; } th, td { padding: .22em .5em; } footer { margin-top: 1.2em; } main { max-width: none; margin: 0; padding: 0; border: 0; } .card, th, .attachment { background: #fff; } h2 { border-bottom-color: #444; color: #000; } h3, h4, h5 { color: #000; } }
        </style>
      </head>
      <body>
        <main>
          <xsl:apply-templates select="$document"/>
        </main>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="h:ClinicalDocument">
    <header>
      <xsl:variable name="kind" select="normalize-space(h:code/h:translation/@displayName)"/>
      <xsl:if test="$kind and $kind != $title">
        <p class="kind"><xsl:value-of select="$kind"/></p>
      </xsl:if>
      <h1><xsl:value-of select="$title"/></h1>
      <p class="summary">
        <span>Data wystawienia: <b><xsl:call-template name="time"><xsl:with-param name="of" select="h:effectiveTime/@value"/></xsl:call-template></b></span>
        <xsl:if test="h:versionNumber/@value &gt; 1"><span>Wersja: <b><xsl:value-of select="h:versionNumber/@value"/></b></span></xsl:if>
        <xsl:if test="h:confidentialityCode/@code = 'R'"><span>Poufność: <b>ograniczony dostęp</b></span></xsl:if>
        <xsl:if test="h:confidentialityCode/@code = 'V'"><span>Poufność: <b>bardzo ograniczony dostęp</b></span></xsl:if>
      </p>
      <xsl:apply-templates select="h:relatedDocument"/>
      <div class="cards">
        <xsl:apply-templates select="h:recordTarget/h:patientRole"/>
        <xsl:apply-templates select="h:author"/>
        <xsl:apply-templates select="h:author[1]/h:assignedAuthor/h:representedOrganization" mode="card"/>
      </div>
      <xsl:variable name="context">
        <xsl:apply-templates select="h:componentOf/h:encompassingEncounter"/>
        <xsl:apply-templates select="h:documentationOf/h:serviceEvent"/>
        <xsl:apply-templates select="h:inFulfillmentOf/h:order"/>
        <xsl:apply-templates select="h:informationRecipient/h:intendedRecipient"/>
        <xsl:apply-templates select="h:participant"/>
      </xsl:variable>
      <xsl:if test="string($context)"><dl class="context"><xsl:copy-of select="$context"/></dl></xsl:if>
    </header>
    <xsl:apply-templates select="h:component/h:structuredBody/h:component/h:section"/>
    <xsl:apply-templates select="h:component/h:nonXMLBody/h:text" mode="media"/>
    <footer>
      <dl>
        <xsl:apply-templates select="h:legalAuthenticator | h:authenticator | h:dataEnterer"/>
        <xsl:apply-templates select="h:custodian"/>
        <dt>Identyfikator dokumentu</dt>
        <dd><xsl:call-template name="raw"><xsl:with-param name="id" select="h:id"/></xsl:call-template></dd>
        <xsl:if test="h:setId">
          <dt>Zbiór wersji</dt>
          <dd><xsl:call-template name="raw"><xsl:with-param name="id" select="h:setId"/></xsl:call-template><xsl:if test="h:versionNumber/@value">, wersja <xsl:value-of select="h:versionNumber/@value"/></xsl:if></dd>
        </xsl:if>
        <xsl:variable name="template" select="h:templateId[@extension and starts-with(@root, concat($root, '.13.10.1.'))]"/>
        <xsl:if test="$template">
          <dt>Szablon</dt>
          <dd>PIK HL7 CDA <xsl:value-of select="$template[1]/@extension"/>, <xsl:value-of select="$template[1]/@root"/></dd>
        </xsl:if>
        <xsl:if test="ds:Signature">
          <dt>Podpis elektroniczny</dt>
          <dd>jest w dokumencie (ta strona go nie weryfikuje)</dd>
        </xsl:if>
      </dl>
    </footer>
  </xsl:template>

  <!-- ===== Header: documents this one replaces, adds to, or cancels ===== -->

  <xsl:template match="h:relatedDocument">
    <p class="notice">
      <b>
        <xsl:choose>
          <xsl:when test="@typeCode = 'RPLC' and ../h:templateId/@root = concat($root, '.13.10.1.14')">Anuluje dokument: </xsl:when>
          <xsl:when test="@typeCode = 'RPLC'">Zastępuje (koryguje) dokument: </xsl:when>
          <xsl:when test="@typeCode = 'APND'">Uzupełnia dokument: </xsl:when>
          <xsl:when test="@typeCode = 'XFRM'">Przekształcenie dokumentu: </xsl:when>
          <xsl:otherwise>Powiązany dokument: </xsl:otherwise>
        </xsl:choose>
      </b>
      <xsl:call-template name="raw"><xsl:with-param name="id" select="h:parentDocument/h:id"/></xsl:call-template>
      <xsl:if test="h:parentDocument/h:versionNumber/@value">, wersja <xsl:value-of select="h:parentDocument/h:versionNumber/@value"/></xsl:if>
    </p>
  </xsl:template>

  <!-- ===== Header: people and organisations ===== -->

  <xsl:template match="h:patientRole">
    <div class="card">
      <p class="label">Pacjent</p>
      <p class="name"><xsl:call-template name="person"><xsl:with-param name="name" select="h:patient/h:name"/></xsl:call-template></p>
      <xsl:apply-templates select="h:id[not(@displayable = 'false')]" mode="line"/>
      <xsl:if test="h:patient/h:birthTime/@value">
        <p>Data urodzenia: <xsl:call-template name="time"><xsl:with-param name="of" select="h:patient/h:birthTime/@value"/></xsl:call-template></p>
      </xsl:if>
      <xsl:variable name="sex" select="h:patient/h:administrativeGenderCode/@code"/>
      <xsl:if test="$sex">
        <p>Płeć:
          <xsl:choose>
            <xsl:when test="$sex = 'F'">kobieta</xsl:when>
            <xsl:when test="$sex = 'M'">mężczyzna</xsl:when>
            <xsl:otherwise>nieokreślona</xsl:otherwise>
          </xsl:choose>
        </p>
      </xsl:if>
      <xsl:apply-templates select="h:addr"/>
      <xsl:apply-templates select="h:telecom"/>
      <xsl:for-each select="h:patient/h:guardian">
        <p class="muted">Opiekun: <xsl:call-template name="person"><xsl:with-param name="name" select="h:guardianPerson/h:name"/></xsl:call-template></p>
      </xsl:for-each>
    </div>
  </xsl:template>

  <xsl:template match="h:author">
    <div class="card">
      <p class="label">Autor<xsl:if test="h:functionCode/@displayName"> – <xsl:value-of select="h:functionCode/@displayName"/></xsl:if></p>
      <p class="name"><xsl:call-template name="person"><xsl:with-param name="name" select="h:assignedAuthor/h:assignedPerson/h:name"/></xsl:call-template></p>
      <xsl:if test="h:assignedAuthor/h:code/@displayName"><p><xsl:value-of select="h:assignedAuthor/h:code/@displayName"/></p></xsl:if>
      <!-- The number of a licence is public, and tells who signed. -->
      <xsl:apply-templates select="h:assignedAuthor/h:id[starts-with(@root, concat($root, '.1.6.'))]" mode="line"/>
      <xsl:apply-templates select="h:assignedAuthor/h:telecom"/>
      <xsl:apply-templates select=".//*[local-name() = 'reimbursementRelatedContract']"/>
    </div>
  </xsl:template>

  <xsl:template match="*[local-name() = 'reimbursementRelatedContract']">
    <xsl:variable name="contract" select="*[local-name() = 'id'][@extension]"/>
    <xsl:if test="$contract"><p class="muted">Umowa z NFZ: <xsl:value-of select="$contract[1]/@extension"/></p></xsl:if>
  </xsl:template>

  <xsl:template match="h:representedOrganization" mode="card">
    <div class="card">
      <p class="label">Podmiot</p>
      <xsl:variable name="whole" select="(.//h:wholeOrganization[h:name][not(.//h:wholeOrganization[h:name])])[1]"/>
      <p class="name">
        <xsl:choose>
          <xsl:when test="$whole"><xsl:value-of select="$whole/h:name"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="h:name"/></xsl:otherwise>
        </xsl:choose>
      </p>
      <xsl:for-each select=".//h:wholeOrganization[h:name]">
        <xsl:if test="generate-id() != generate-id($whole) and translate(normalize-space(h:name), $capitals, $small) != translate(normalize-space($whole/h:name), $capitals, $small)"><p><xsl:value-of select="h:name"/></p></xsl:if>
      </xsl:for-each>
      <xsl:if test="$whole and h:name and translate(normalize-space(h:name), $capitals, $small) != translate(normalize-space($whole/h:name), $capitals, $small)"><p><xsl:value-of select="h:name"/></p></xsl:if>
      <xsl:apply-templates select="(.//h:addr)[1]"/>
      <xsl:apply-templates select="(.//h:telecom)[1]"/>
      <xsl:for-each select="(self::* | .//h:wholeOrganization)/h:id[not(@displayable = 'false') and @extension]">
        <p class="muted"><xsl:call-template name="labelled"/></p>
      </xsl:for-each>
    </div>
  </xsl:template>

  <xsl:template match="h:legalAuthenticator | h:authenticator | h:dataEnterer">
    <dt>
      <xsl:choose>
        <xsl:when test="self::h:legalAuthenticator">Wystawił(a) i podpisał(a)</xsl:when>
        <xsl:when test="self::h:authenticator">Zatwierdził(a)</xsl:when>
        <xsl:otherwise>Wprowadził(a) dane</xsl:otherwise>
      </xsl:choose>
    </dt>
    <dd>
      <xsl:variable name="id" select="h:assignedEntity/h:id[1]"/>
      <xsl:choose>
        <xsl:when test="h:assignedEntity/h:assignedPerson/h:name">
          <xsl:call-template name="person"><xsl:with-param name="name" select="h:assignedEntity/h:assignedPerson/h:name"/></xsl:call-template>
        </xsl:when>
        <xsl:otherwise>
          <!-- Most documents name the signer by the author's number alone. -->
          <xsl:call-template name="person"><xsl:with-param name="name" select="/h:ClinicalDocument/h:author/h:assignedAuthor[h:id[@root = $id/@root and @extension = $id/@extension]]/h:assignedPerson/h:name"/></xsl:call-template>
        </xsl:otherwise>
      </xsl:choose>
      <xsl:for-each select="$id[@extension]"><xsl:text>, </xsl:text><xsl:call-template name="labelled"/></xsl:for-each>
      <xsl:if test="h:time/@value">, <xsl:call-template name="time"><xsl:with-param name="of" select="h:time/@value"/></xsl:call-template></xsl:if>
    </dd>
  </xsl:template>

  <xsl:template match="h:custodian">
    <dt>Przechowuje dokument</dt>
    <dd>
      <xsl:for-each select="h:assignedCustodian/h:representedCustodianOrganization">
        <xsl:if test="h:name"><xsl:value-of select="h:name"/><xsl:text> </xsl:text></xsl:if>
        <xsl:choose>
          <xsl:when test="h:id[1]/@root = $root and not(h:id[1]/@extension)">System P1 (Centrum e-Zdrowia)</xsl:when>
          <xsl:otherwise><xsl:for-each select="h:id[1]"><xsl:call-template name="labelled"/></xsl:for-each></xsl:otherwise>
        </xsl:choose>
      </xsl:for-each>
    </dd>
  </xsl:template>

  <!-- ===== Header: what is documented ===== -->

  <xsl:template match="h:encompassingEncounter">
    <dt>Pobyt lub wizyta</dt>
    <dd>
      <xsl:call-template name="period"><xsl:with-param name="of" select="h:effectiveTime"/></xsl:call-template>
      <xsl:if test="h:code/@displayName">
        <xsl:if test="h:effectiveTime/@value or h:effectiveTime/*/@value">, </xsl:if>
        <xsl:value-of select="h:code/@displayName"/>
      </xsl:if>
      <xsl:for-each select="h:id[not(@displayable = 'false') and @extension][1]"><span class="muted"> (nr <xsl:value-of select="@extension"/>)</span></xsl:for-each>
    </dd>
    <xsl:if test="h:dischargeDispositionCode/@displayName">
      <dt>Tryb wypisu</dt>
      <dd><xsl:value-of select="h:dischargeDispositionCode/@displayName"/></dd>
    </xsl:if>
  </xsl:template>

  <xsl:template match="h:serviceEvent">
    <xsl:if test="h:code/@displayName or h:effectiveTime or h:performer">
      <dt>Świadczenie</dt>
      <dd>
        <xsl:value-of select="h:code/@displayName"/>
        <xsl:if test="h:code/@code and h:code/@displayName"><span class="muted"> (<xsl:value-of select="h:code/@code"/>)</span></xsl:if>
        <xsl:if test="h:effectiveTime"><xsl:if test="h:code/@displayName">, </xsl:if><xsl:call-template name="period"><xsl:with-param name="of" select="h:effectiveTime"/></xsl:call-template></xsl:if>
        <xsl:for-each select="h:performer[h:assignedEntity/h:assignedPerson/h:name]"><br/>Wykonał(a): <xsl:call-template name="person"><xsl:with-param name="name" select="h:assignedEntity/h:assignedPerson/h:name"/></xsl:call-template></xsl:for-each>
      </dd>
    </xsl:if>
  </xsl:template>

  <xsl:template match="h:order">
    <dt>Na zlecenie</dt>
    <dd><xsl:call-template name="raw"><xsl:with-param name="id" select="h:id[1]"/></xsl:call-template></dd>
  </xsl:template>

  <xsl:template match="h:intendedRecipient">
    <dt>Adresat</dt>
    <dd>
      <xsl:call-template name="person"><xsl:with-param name="name" select="h:informationRecipient/h:name"/></xsl:call-template>
      <xsl:if test="h:informationRecipient/h:name and h:receivedOrganization/h:name">, </xsl:if>
      <xsl:value-of select="h:receivedOrganization/h:name"/>
      <xsl:for-each select="(h:receivedOrganization/h:addr | h:addr)[1]"><xsl:text>, </xsl:text><xsl:call-template name="address"/></xsl:for-each>
    </dd>
  </xsl:template>

  <xsl:template match="h:participant">
    <xsl:variable name="payer" select="h:associatedEntity[@classCode = 'UNDWRT']/h:id[starts-with(@root, concat($root, '.3.1')) or @root = concat($root, '.11.1.49')]"/>
    <xsl:if test="$payer/@extension">
      <dt>Płatnik</dt>
      <dd>
        <xsl:variable name="n" select="$payer[1]/@extension"/>
        <xsl:choose>
          <xsl:when test="$n = '01'">Dolnośląski OW NFZ</xsl:when>
          <xsl:when test="$n = '02'">Kujawsko-Pomorski OW NFZ</xsl:when>
          <xsl:when test="$n = '03'">Lubelski OW NFZ</xsl:when>
          <xsl:when test="$n = '04'">Lubuski OW NFZ</xsl:when>
          <xsl:when test="$n = '05'">Łódzki OW NFZ</xsl:when>
          <xsl:when test="$n = '06'">Małopolski OW NFZ</xsl:when>
          <xsl:when test="$n = '07'">Mazowiecki OW NFZ</xsl:when>
          <xsl:when test="$n = '08'">Opolski OW NFZ</xsl:when>
          <xsl:when test="$n = '09'">Podkarpacki OW NFZ</xsl:when>
          <xsl:when test="$n = '10'">Podlaski OW NFZ</xsl:when>
          <xsl:when test="$n = '11'">Pomorski OW NFZ</xsl:when>
          <xsl:when test="$n = '12'">Śląski OW NFZ</xsl:when>
          <xsl:when test="$n = '13'">Świętokrzyski OW NFZ</xsl:when>
          <xsl:when test="$n = '14'">Warmińsko-Mazurski OW NFZ</xsl:when>
          <xsl:when test="$n = '15'">Wielkopolski OW NFZ</xsl:when>
          <xsl:when test="$n = '16'">Zachodniopomorski OW NFZ</xsl:when>
        </xsl:choose>
        <span class="muted"> (<xsl:value-of select="$n"/>)</span>
      </dd>
    </xsl:if>
  </xsl:template>

  <!-- ===== Body ===== -->

  <xsl:template match="h:section">
    <xsl:variable name="depth" select="count(ancestor::h:section)"/>
    <section>
      <xsl:if test="normalize-space(h:title)">
        <xsl:choose>
          <xsl:when test="$depth = 0"><h2><xsl:value-of select="h:title"/></h2></xsl:when>
          <xsl:when test="$depth = 1"><h3><xsl:value-of select="h:title"/></h3></xsl:when>
          <xsl:otherwise><h4><xsl:value-of select="h:title"/></h4></xsl:otherwise>
        </xsl:choose>
      </xsl:if>
      <div class="text">
        <xsl:apply-templates select="h:text" mode="narrative"/>
        <xsl:for-each select="h:entry//h:observationMedia[not(@ID) or not(key('shown', @ID))]">
          <xsl:apply-templates select="h:value" mode="media"/>
        </xsl:for-each>
        <xsl:if test="h:text//h:footnote">
          <div class="footnotes">
            <xsl:for-each select="h:text//h:footnote">
              <p>
                <xsl:call-template name="anchor"/>
                <sup><xsl:number level="any" count="h:footnote"/></sup>
                <xsl:text> </xsl:text>
                <xsl:apply-templates mode="narrative"/>
              </p>
            </xsl:for-each>
          </div>
        </xsl:if>
      </div>
      <xsl:apply-templates select="h:component/h:section"/>
    </section>
  </xsl:template>

  <!-- A word about ids: those of the document get a prefix, so that they meet nothing else on the page. -->
  <xsl:template name="anchor">
    <xsl:if test="@ID"><xsl:attribute name="id">n-<xsl:value-of select="translate(@ID, ' &#9;&#10;&#13;', '____')"/></xsl:attribute></xsl:if>
  </xsl:template>

  <xsl:template name="classes">
    <xsl:variable name="code" select="concat(' ', normalize-space(@styleCode), ' ')"/>
    <xsl:variable name="list">
      <xsl:if test="contains($code, ' Bold ') or contains($code, ' xPLbold ')"> bold</xsl:if>
      <xsl:if test="contains($code, ' Italics ') or contains($code, ' Emphasis ')"> italic</xsl:if>
      <xsl:if test="contains($code, ' Underline ')"> underline</xsl:if>
      <xsl:if test="@align = 'right'"> right</xsl:if>
      <xsl:if test="@align = 'center'"> center</xsl:if>
    </xsl:variable>
    <xsl:if test="string($list)"><xsl:attribute name="class"><xsl:value-of select="substring($list, 2)"/></xsl:attribute></xsl:if>
  </xsl:template>

  <xsl:template match="h:text" mode="narrative"><xsl:apply-templates mode="narrative"/></xsl:template>

  <xsl:template match="h:paragraph" mode="narrative">
    <!-- A caption, a list or a table may stand inside a paragraph here, but not inside HTML's. -->
    <xsl:choose>
      <xsl:when test="h:list or h:table or h:paragraph or h:renderMultiMedia">
        <div><xsl:call-template name="anchor"/><xsl:call-template name="classes"/><xsl:apply-templates mode="narrative"/></div>
      </xsl:when>
      <xsl:otherwise>
        <p><xsl:call-template name="anchor"/><xsl:call-template name="classes"/><xsl:apply-templates mode="narrative"/></p>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="h:content" mode="narrative">
    <xsl:choose>
      <xsl:when test="@revised = 'delete'"><del><xsl:call-template name="anchor"/><xsl:apply-templates mode="narrative"/></del></xsl:when>
      <xsl:when test="@revised = 'insert'"><ins><xsl:call-template name="anchor"/><xsl:apply-templates mode="narrative"/></ins></xsl:when>
      <xsl:otherwise><span><xsl:call-template name="anchor"/><xsl:call-template name="classes"/><xsl:apply-templates mode="narrative"/></span></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="h:br" mode="narrative"><br/></xsl:template>
  <xsl:template match="h:sub" mode="narrative"><sub><xsl:apply-templates mode="narrative"/></sub></xsl:template>
  <xsl:template match="h:sup" mode="narrative"><sup><xsl:apply-templates mode="narrative"/></sup></xsl:template>
  <xsl:template match="h:caption" mode="narrative"><span class="caption"><xsl:apply-templates mode="narrative"/></span><xsl:text> </xsl:text></xsl:template>
  <xsl:template match="h:list/h:caption" mode="narrative"/>

  <xsl:template match="h:list" mode="narrative">
    <xsl:if test="h:caption"><p class="caption"><xsl:apply-templates select="h:caption/node()" mode="narrative"/></p></xsl:if>
    <xsl:variable name="code" select="concat(' ', normalize-space(@styleCode), ' ')"/>
    <xsl:choose>
      <xsl:when test="@listType = 'ordered'">
        <ol>
          <xsl:call-template name="anchor"/>
          <xsl:choose>
            <xsl:when test="contains($code, ' LittleRoman ')"><xsl:attribute name="class">little-roman</xsl:attribute></xsl:when>
            <xsl:when test="contains($code, ' BigRoman ')"><xsl:attribute name="class">big-roman</xsl:attribute></xsl:when>
            <xsl:when test="contains($code, ' LittleAlpha ')"><xsl:attribute name="class">little-alpha</xsl:attribute></xsl:when>
            <xsl:when test="contains($code, ' BigAlpha ')"><xsl:attribute name="class">big-alpha</xsl:attribute></xsl:when>
          </xsl:choose>
          <xsl:apply-templates select="h:item" mode="narrative"/>
        </ol>
      </xsl:when>
      <xsl:otherwise>
        <ul>
          <xsl:call-template name="anchor"/>
          <xsl:choose>
            <xsl:when test="contains($code, ' Circle ')"><xsl:attribute name="class">circle</xsl:attribute></xsl:when>
            <xsl:when test="contains($code, ' Square ')"><xsl:attribute name="class">square</xsl:attribute></xsl:when>
            <xsl:when test="contains($code, ' xPLnone ') or contains($code, ' None ')"><xsl:attribute name="class">plain</xsl:attribute></xsl:when>
          </xsl:choose>
          <xsl:apply-templates select="h:item" mode="narrative"/>
        </ul>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="h:item" mode="narrative">
    <li><xsl:call-template name="anchor"/><xsl:call-template name="classes"/><xsl:apply-templates mode="narrative"/></li>
  </xsl:template>

  <xsl:template match="h:table" mode="narrative">
    <table>
      <xsl:call-template name="anchor"/>
      <xsl:if test="h:caption"><caption><xsl:apply-templates select="h:caption/node()" mode="narrative"/></caption></xsl:if>
      <xsl:apply-templates select="h:thead | h:tbody | h:tfoot | h:tr" mode="narrative"/>
    </table>
  </xsl:template>
  <xsl:template match="h:thead | h:tbody | h:tfoot | h:tr" mode="narrative">
    <xsl:element name="{local-name()}">
      <xsl:call-template name="anchor"/>
      <xsl:call-template name="classes"/>
      <xsl:apply-templates select="*" mode="narrative"/>
    </xsl:element>
  </xsl:template>
  <xsl:template match="h:th | h:td" mode="narrative">
    <xsl:element name="{local-name()}">
      <xsl:call-template name="anchor"/>
      <xsl:call-template name="classes"/>
      <xsl:if test="@colspan &gt; 1 and @colspan &lt; 1000"><xsl:attribute name="colspan"><xsl:value-of select="round(@colspan)"/></xsl:attribute></xsl:if>
      <xsl:if test="@rowspan &gt; 1 and @rowspan &lt; 1000"><xsl:attribute name="rowspan"><xsl:value-of select="round(@rowspan)"/></xsl:attribute></xsl:if>
      <xsl:apply-templates mode="narrative"/>
    </xsl:element>
  </xsl:template>

  <!-- A link is text: where it leads is shown to people, and nothing can be clicked by mistake. -->
  <xsl:template match="h:linkHtml" mode="narrative">
    <xsl:variable name="target" select="normalize-space(@href)"/>
    <xsl:choose>
      <xsl:when test="starts-with($target, '#') and string-length($target) &gt; 1">
        <a href="#n-{translate(substring($target, 2), ' &#9;&#10;&#13;', '____')}"><xsl:apply-templates mode="narrative"/></a>
      </xsl:when>
      <xsl:otherwise>
        <xsl:apply-templates mode="narrative"/>
        <xsl:if test="(starts-with($target, 'https://') or starts-with($target, 'http://')) and $target != normalize-space(.)"><span class="address"> (<xsl:value-of select="$target"/>)</span></xsl:if>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="h:footnote" mode="narrative"><sup><xsl:number level="any" count="h:footnote"/></sup></xsl:template>
  <xsl:template match="h:footnoteRef" mode="narrative">
    <xsl:variable name="id" select="@IDREF"/>
    <xsl:for-each select="//h:footnote[@ID = $id][1]"><sup><xsl:number level="any" count="h:footnote"/></sup></xsl:for-each>
  </xsl:template>

  <xsl:template match="h:renderMultiMedia" mode="narrative">
    <xsl:apply-templates select="key('media', @referencedObject)/h:value" mode="media"/>
    <xsl:if test="h:caption"><p class="muted"><xsl:apply-templates select="h:caption/node()" mode="narrative"/></p></xsl:if>
  </xsl:template>

  <xsl:template match="*" mode="narrative"><xsl:apply-templates mode="narrative"/></xsl:template>

  <!-- ===== Pictures and attachments ===== -->

  <xsl:template match="h:value | h:text" mode="media">
    <xsl:variable name="type" select="normalize-space(@mediaType)"/>
    <xsl:choose>
      <xsl:when test="@representation = 'B64' and ($type = 'image/png' or $type = 'image/jpeg' or $type = 'image/gif') and string-length(.) &lt;= $picture">
        <figure><img alt="Obraz zawarty w dokumencie" src="data:{$type};base64,{.}"/></figure>
      </xsl:when>
      <xsl:when test="self::h:text and not(@representation = 'B64') and not(h:reference) and (not($type) or $type = 'text/plain')">
        <pre class="text"><xsl:value-of select="."/></pre>
      </xsl:when>
      <xsl:otherwise>
        <div class="attachment">
          <p>
            <b>
              <xsl:choose>
                <xsl:when test="h:reference/@value">Załącznik poza dokumentem</xsl:when>
                <xsl:otherwise>Załącznik w dokumencie</xsl:otherwise>
              </xsl:choose>
            </b>
            <xsl:if test="h:reference/@value">: <xsl:value-of select="h:reference/@value"/></xsl:if>
            <xsl:if test="$type"><span class="muted"> (<xsl:value-of select="$type"/>)</span></xsl:if>
          </p>
          <p class="muted">
            <xsl:choose>
              <xsl:when test="h:reference/@value">Ten plik nie jest częścią dokumentu; uzyskaj go od wystawcy.</xsl:when>
              <xsl:otherwise>Tego załącznika nie można pokazać na stronie; jest w osobnym pliku, zapisanym razem z nią.</xsl:otherwise>
            </xsl:choose>
          </p>
        </div>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- ===== Names, numbers, times ===== -->

  <xsl:template name="person">
    <xsl:param name="name"/>
    <xsl:for-each select="$name[1]/h:prefix | $name[1]/h:given | $name[1]/h:family | $name[1]/h:suffix">
      <xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if>
      <xsl:value-of select="normalize-space(.)"/>
    </xsl:for-each>
    <xsl:if test="$name and not($name[1]/*)"><xsl:value-of select="normalize-space($name[1])"/></xsl:if>
  </xsl:template>

  <xsl:template match="h:id" mode="line"><xsl:if test="@extension"><p><xsl:call-template name="labelled"/></p></xsl:if></xsl:template>

  <xsl:template name="labelled">
    <xsl:variable name="of" select="substring-after(@root, concat($root, '.'))"/>
    <xsl:choose>
      <xsl:when test="not($of)">Nr </xsl:when>
      <xsl:when test="$of = '1.1.616'">PESEL </xsl:when>
      <xsl:when test="starts-with($of, '1.6.')">NPWZ </xsl:when>
      <xsl:when test="$of = '2.2.1' or $of = '2.2.2'">REGON </xsl:when>
      <xsl:when test="$of = '2.3.1'">Nr księgi </xsl:when>
      <xsl:when test="$of = '2.3.2'">Jednostka </xsl:when>
      <xsl:when test="$of = '2.3.3'">Komórka </xsl:when>
      <xsl:when test="starts-with($of, '2.4.') or starts-with($of, '2.5.')">Nr praktyki </xsl:when>
      <xsl:when test="starts-with($of, '1.1.')">Nr dokumentu tożsamości </xsl:when>
      <xsl:otherwise>Nr </xsl:otherwise>
    </xsl:choose>
    <xsl:value-of select="@extension"/>
  </xsl:template>

  <xsl:template name="raw">
    <xsl:param name="id"/>
    <xsl:value-of select="$id/@extension"/>
    <xsl:if test="$id/@extension"><span class="muted"> (<xsl:value-of select="$id/@root"/>)</span></xsl:if>
    <xsl:if test="not($id/@extension)"><xsl:value-of select="$id/@root"/></xsl:if>
  </xsl:template>

  <xsl:template match="h:addr"><p class="muted"><xsl:call-template name="address"/></p></xsl:template>
  <xsl:template name="address">
    <xsl:value-of select="normalize-space(h:streetName)"/>
    <xsl:if test="h:houseNumber"><xsl:text> </xsl:text><xsl:value-of select="normalize-space(h:houseNumber)"/></xsl:if>
    <xsl:if test="h:unitID">/<xsl:value-of select="normalize-space(h:unitID)"/></xsl:if>
    <xsl:if test="(h:streetName or h:houseNumber) and (h:city or h:postalCode)">, </xsl:if>
    <xsl:value-of select="normalize-space(h:postalCode)"/>
    <xsl:if test="h:postalCode and h:city"><xsl:text> </xsl:text></xsl:if>
    <xsl:value-of select="normalize-space(h:city)"/>
    <xsl:if test="normalize-space(h:country) and normalize-space(h:country) != 'PL' and normalize-space(h:country) != 'Polska'">, <xsl:value-of select="normalize-space(h:country)"/></xsl:if>
    <xsl:if test="not(*)"><xsl:value-of select="normalize-space(.)"/></xsl:if>
  </xsl:template>

  <xsl:template match="h:telecom">
    <xsl:variable name="scheme" select="substring-before(@value, ':')"/>
    <xsl:variable name="number" select="substring-after(@value, ':')"/>
    <xsl:choose>
      <xsl:when test="$scheme = 'tel' or $scheme = 'sms'"><p class="muted">Tel. <xsl:value-of select="$number"/></p></xsl:when>
      <xsl:when test="$scheme = 'fax'"><p class="muted">Faks <xsl:value-of select="$number"/></p></xsl:when>
      <xsl:when test="$scheme = 'mailto'"><p class="muted"><xsl:value-of select="$number"/></p></xsl:when>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="period">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of/@value"><xsl:call-template name="time"><xsl:with-param name="of" select="$of/@value"/></xsl:call-template></xsl:when>
      <xsl:when test="$of/h:low/@value and $of/h:high/@value = $of/h:low/@value"><xsl:call-template name="time"><xsl:with-param name="of" select="$of/h:low/@value"/></xsl:call-template></xsl:when>
      <xsl:otherwise>
        <xsl:if test="$of/h:low/@value">od <xsl:call-template name="time"><xsl:with-param name="of" select="$of/h:low/@value"/></xsl:call-template></xsl:if>
        <xsl:if test="$of/h:high/@value"> do <xsl:call-template name="time"><xsl:with-param name="of" select="$of/h:high/@value"/></xsl:call-template></xsl:if>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- HL7 TS as people write it: 20140906081203 is 06.09.2014, 08:12. -->
  <xsl:template name="time">
    <xsl:param name="of"/>
    <xsl:variable name="digits" select="translate(substring-before(concat(translate($of, '-.', '++'), '+'), '+'), translate($of, '0123456789', ''), '')"/>
    <xsl:choose>
      <xsl:when test="string-length($digits) &gt;= 8">
        <xsl:value-of select="concat(substring($digits, 7, 2), '.', substring($digits, 5, 2), '.', substring($digits, 1, 4))"/>
        <xsl:if test="string-length($digits) &gt;= 12 and substring($digits, 9) != '000000' and substring($digits, 9) != '0000'">, <xsl:value-of select="concat(substring($digits, 9, 2), ':', substring($digits, 11, 2))"/></xsl:if>
      </xsl:when>
      <xsl:when test="string-length($digits) = 6"><xsl:value-of select="concat(substring($digits, 5, 2), '.', substring($digits, 1, 4))"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
